import Foundation
import Glibc

/// A file system in memory with little room.
public struct SmallDisk: Sendable {
    private let path: String

    /// Whether the tests may mount one: root may, in most containers it may not either.
    public static let isPossible: Bool = {
        let probe = "/tmp/bunko-disk-\(getpid())"
        mkdir(probe, 0o700)
        defer { rmdir(probe) }
        guard mount("bunko", probe, "tmpfs", 0, "size=16k") == 0 else { return false }
        return umount(probe) == 0
    }()

    /// Mounts one over a folder that exists.
    public init(at path: String, kibibytes: Int) throws {
        guard mount("bunko", path, "tmpfs", 0, "size=\(kibibytes)k,mode=0711") == 0 else { throw TestFailure("cannot mount at \(path)") }
        self.path = path
    }

    /// Takes it away, also from under a process that still has files open there.
    public func unmount() { umount2(path, Int32(MNT_DETACH)) }
}
