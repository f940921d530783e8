import Crypto
import Domain
import Foundation

/// What this machine remembers of an upload in parts, so that the next run goes on with it: one small file for each, named by all that
/// must be the same, in `$XDG_STATE_HOME/bunko/uploads`.
struct UploadNote: Sendable {
    private struct Content: Codable {
        let id: String
        let path: String
    }

    private let place: String

    /// - Parameters:
    ///   - folder: where notes are kept.
    ///   - purpose: server, target, tags: what an upload was begun for.
    init(folder: String = UploadNote.folder, file: LocalFile, purpose: [String]) {
        let key = purpose + [file.path, "\(file.size)", "\(file.modified.seconds).\(file.modified.nanoseconds)", file.digest.description]
        place = "\(folder)/\(SHA256.hash(data: Data(key.joined(separator: "\n").utf8)).hexadecimal).json"
    }

    static var folder: String {
        let state = ProcessInfo.processInfo.environment["XDG_STATE_HOME"] ?? "\(NSHomeDirectory())/.local/state"
        return "\(state)/bunko/uploads"
    }

    /// The upload that was begun, if there is one.
    var id: String? {
        get async throws {
            try await Blocking.run { _ in
                guard let data = FileManager.default.contents(atPath: place) else { return nil }
                return (try? JSONDecoder().decode(Content.self, from: data))?.id
            }
        }
    }

    /// A note that cannot be written costs the resumption alone, so its failure is passed over.
    func keep(id: String, path: String) async throws {
        try await Blocking.run { _ in
            let folder = (place as NSString).deletingLastPathComponent
            try? FileManager.default.createDirectory(
                atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            try? JSONEncoder().encode(Content(id: id, path: path)).write(to: URL(filePath: place), options: .atomic)
        }
    }

    func remove() async throws { _ = try await Blocking.run { _ in unlink(place) } }

    /// Removes notes the server has long forgotten.
    static func clear(olderThan days: Int = 14, in folder: String = UploadNote.folder) async throws {
        try await Blocking.run { _ in
            let files = FileManager.default
            let oldest = Date.now.addingTimeInterval(-Double(days) * 86_400)
            for name in (try? files.contentsOfDirectory(atPath: folder)) ?? [] where name.hasSuffix(".json") {
                let path = "\(folder)/\(name)"
                let modified = try? files.attributesOfItem(atPath: path)[.modificationDate] as? Date
                if let modified, modified < oldest { unlink(path) }
            }
        }
    }
}
