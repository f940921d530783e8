import Glibc

/// Where everything of the private cluster lies; pure names. `root` is a canonical path.
struct ClusterLayout: Sendable, Equatable {
    let root: String

    /// PostgreSQL's own data folder.
    var cluster: String { root + "/postgres" }
    /// Password of the superuser.
    var secret: String { root + "/postgres.secret" }
    /// PostgreSQL's rotated logs.
    var logDirectory: String { root + "/postgres-log" }
    /// What PostgreSQL says before its log is open; in a folder of bunko's, since root writes it.
    var startLog: String { root + "/postgres-start.log" }
    /// Settings this version of bunko chose, read by postgresql.conf.
    var settings: String { cluster + "/bunko.conf" }

    /// Every folder of a creation in progress begins so; each attempt has its own, since an orphaned initdb may still write to the last.
    static let partialPrefix = "postgres.partial-"

    static let superuser = "bunko_super"
    /// Only the socket's name holds it: nothing listens on a network.
    static let port = 5432
    static let socketName = ".s.PGSQL.\(port)"

    /// Major version of the existing cluster; nil when the folder holds none.
    var clusterMajorVersion: Int? {
        text(ofFile: cluster + "/PG_VERSION").flatMap { versionNumbers($0).first }
    }

    /// Whether something stands where the cluster belongs (an empty folder does not count).
    var isOccupied: Bool {
        guard let facts = FileFacts(path: cluster) else { return false }
        return !facts.isDirectory || !names(inDirectory: cluster).isEmpty
    }

    /// Makes the data folder when it is missing and finds its canonical path.
    ///
    /// A folder that root makes can be entered by all, since PostgreSQL runs as somebody else; its private content has modes of its own.
    static func prepare(dataDirectory: String) throws(EmbeddedPostgresError) -> ClusterLayout {
        do throws(SystemFailure) {
            if access(dataDirectory, F_OK) != 0 { try makeDirectories(absolute(dataDirectory), mode: geteuid() == 0 ? 0o711 : 0o700) }
            let root = try canonicalPath(dataDirectory)
            // A link as the last component is resolved by now, so that this looks at the folder itself.
            guard FileFacts(path: root)?.isDirectory == true else {
                errno = ENOTDIR
                throw SystemFailure("Using the data folder", root)
            }
            return ClusterLayout(root: root)
        } catch {
            throw error.asFolderError
        }
    }

    private static func absolute(_ path: String) -> String {
        guard !path.hasPrefix("/"), let current = getcwd(nil, 0) else { return path }
        defer { free(current) }
        return String(cString: current) + "/" + path
    }
}
