/// Why the private PostgreSQL cannot serve: what was wrong, where, and what to do. All of it is the operator's to mend.
public struct EmbeddedPostgresError: Error, Sendable, CustomStringConvertible {
    /// The class of the failure, for callers that react differently to each.
    public enum Kind: Sendable, Equatable {
        /// No PostgreSQL of a served version with the needed extensions is installed.
        case noInstallation
        /// Another process holds the lock of the data folder.
        case folderInUse
        /// The data folder cannot be created, read or written, or its disk is full.
        case folderUnusable
        /// The account PostgreSQL runs as cannot enter the data folder.
        case folderUnreachable
        /// Started by root and no unprivileged account exists to run PostgreSQL as.
        case noUnprivilegedAccount
        /// The cluster was created by another major version of PostgreSQL.
        case wrongMajorVersion
        /// The cluster's folder or its password file is incomplete or belongs to somebody else.
        case clusterDamaged
        /// The socket's folder belongs to somebody else or cannot be made.
        case runtimeFolderUnsafe
        /// initdb failed.
        case creationFailed
        /// PostgreSQL did not come up.
        case startFailed
        /// PostgreSQL died again and again, so that supervision gave up.
        case keepsFailing
        /// One of PostgreSQL's client programs (pg_dump, pg_restore) is not installed in a version that fits the server.
        case noPrograms
        /// One of PostgreSQL's client programs failed.
        case programFailed
        /// PostgreSQL survived every request to stop.
        case stopFailed
        /// The start was given up because the task was cancelled or `stop()` was called.
        case cancelled
    }

    /// The class of the failure.
    public let kind: Kind
    /// What was wrong, one sentence, with the cause as the system or PostgreSQL told it.
    public let what: String
    /// The file, folder or program concerned.
    public let location: String
    /// What the operator can do about it.
    public let remedy: String

    init(_ kind: Kind, _ what: String, at location: String, remedy: String) {
        self.kind = kind
        self.what = what
        self.location = location
        self.remedy = remedy
    }

    /// All parts in one line (more when PostgreSQL's own log is quoted).
    public var description: String { "\(what) [\(location)] Remedy: \(remedy)" }
}
