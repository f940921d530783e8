import Domain
import Foundation
import Glibc
import Synchronization

/// The folders of the content store: one for each two digits an address begins with, one for what is on its way in, and one for resumable
/// uploads. Everything here blocks.
final class ContentFolders: Sendable {
    let root: String
    private let areMade = Mutex(false)

    init(root: String) { self.root = root }

    var incoming: String { "\(root)/incoming" }
    var uploads: String { "\(root)/uploads" }

    /// The folders of stored contents, 00 to ff.
    var contents: [String] { (0..<256).map { "\(root)/\([UInt8($0)].hexadecimal)" } }

    /// Makes all that are missing, durably, once in the life of the store: so no upload waits for the sync of a folder's own entry.
    func make() throws {
        try areMade.withLock { areMade in
            guard !areMade else { return }
            try Self.makeTree(root)
            for folder in [incoming, uploads] + contents {
                guard mkdir(folder, 0o700) == 0 || errno == EEXIST else { throw DiskFailure.problem("create", folder) }
            }
            try Self.sync(root)
            areMade = true
        }
    }

    /// Makes them again where somebody took them away under the running service.
    func makeAnew() throws {
        areMade.withLock { $0 = false }
        try make()
    }

    /// Makes the entries of a folder durable.
    static func sync(_ folder: String) throws {
        try OpenFile(folder, O_RDONLY | O_DIRECTORY).sync()
    }

    /// The names in a folder; none when there is no such folder.
    static func names(in folder: String) -> [String] {
        (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    }

    private static func makeTree(_ path: String) throws {
        if mkdir(path, 0o700) != 0 {
            if errno == EEXIST { return }
            guard errno == ENOENT else { throw DiskFailure.problem("create", path) }
            do {
                try FileManager.default.createDirectory(
                    atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            } catch {
                throw DiskFailure.problem("create", path)
            }
        }
        try sync(URL(filePath: path).deletingLastPathComponent().path)
    }
}
