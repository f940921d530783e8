import Glibc

/// A PostgreSQL on this machine that can serve Bunko: version 15 or later, with pgvector 0.8 or later and pgcrypto.
public struct PostgresInstallation: Sendable {
    /// Folder of `postgres` and `initdb`.
    public let binDirectory: String
    /// 15 for 15.8.
    public let majorVersion: Int
    /// As the program tells it: `15.8 (Debian 15.8-0+deb12u1)`.
    public let versionText: String
    /// Default version in `vector.control`, such as `0.8.0`.
    public let pgvectorVersion: String

    /// The oldest major version served.
    public static let oldestMajorVersion = 15
    /// The oldest pgvector served: the first with iterative index scans.
    public static let oldestPgvector = "0.8"

    /// One installation found, suitable or not: for `doctor` and for error messages.
    public struct Candidate: Sendable, CustomStringConvertible {
        /// Folder of the programs.
        public let binDirectory: String
        /// As the program tells it; nil when there is no server program to ask.
        public let versionText: String?
        /// 15 for 15.8; nil like `versionText`.
        public let majorVersion: Int?
        /// Default version of pgvector; nil when not installed for this PostgreSQL.
        public let pgvectorVersion: String?
        /// What keeps it from serving, in words; empty when it is suitable.
        public let lacks: [String]

        /// The installation, when nothing is missing.
        public var installation: PostgresInstallation? {
            guard lacks.isEmpty, let majorVersion, let versionText, let pgvectorVersion else { return nil }
            return PostgresInstallation(
                binDirectory: binDirectory, majorVersion: majorVersion, versionText: versionText, pgvectorVersion: pgvectorVersion)
        }

        /// One line: version, folder, what is missing.
        public var description: String {
            let state = lacks.isEmpty ? "suitable, pgvector \(pgvectorVersion ?? "")" : "lacks " + lacks.joined(separator: ", ")
            return "PostgreSQL \(versionText ?? "without server programs") in \(binDirectory): \(state)"
        }
    }

    /// The newest suitable installation.
    ///
    /// Runs each installation's `postgres --version` and `pg_config`: blocks for some ten milliseconds.
    /// - Parameter overrideDirectory: a folder with the programs, or an installation with them under `bin`; nothing else is looked at then.
    /// - Throws: `noInstallation`, listing what was found and what each lacks.
    public static func discover(overrideDirectory: String? = nil) throws(EmbeddedPostgresError) -> PostgresInstallation {
        let candidates = overrideDirectory.map { [Candidate(directory: $0)] } ?? survey()
        guard let newest = candidates.compactMap(\.installation).max(by: { $0.versionOrder.lexicographicallyPrecedes($1.versionOrder) })
        else {
            throw noInstallation(candidates)
        }
        return newest
    }

    /// Every installation in the usual places (the distributions' folders, `/usr/local/pgsql`, the `pg_config` on PATH) and what it lacks.
    ///
    /// Blocks like ``discover(overrideDirectory:)``.
    public static func survey() -> [Candidate] {
        searchedDirectories().map { Candidate(directory: $0) }
    }

    var versionOrder: [Int] { versionNumbers(versionText) }

    static func noInstallation(_ candidates: [Candidate]) -> EmbeddedPostgresError {
        let found = candidates.isEmpty ? "none at all" : candidates.map(\.description).joined(separator: "; ")
        return EmbeddedPostgresError(
            .noInstallation,
            "No PostgreSQL \(oldestMajorVersion) or later with pgvector \(oldestPgvector) or later and pgcrypto is installed; found: \(found).",
            at: candidates.first?.binDirectory ?? "/usr/lib/postgresql",
            remedy:
                "run `make setup`, or install PostgreSQL and its pgvector package (Debian 13: apt install postgresql-17 postgresql-17-pgvector), "
                + "or set DATABASE_URL to a server that has them")
    }

    static func searchedDirectories() -> [String] {
        var directories = names(inDirectory: "/usr/lib/postgresql").map { "/usr/lib/postgresql/\($0)/bin" }
        directories.append("/usr/local/pgsql/bin")
        directories += names(inDirectory: "/usr").filter { $0.hasPrefix("pgsql-") }.map { "/usr/\($0)/bin" }
        if let configured = binDirectoryOnPath() { directories.append(configured) }
        var seen: Set<String> = []
        return directories.compactMap { try? canonicalPath($0) }.filter { seen.insert($0).inserted }
    }

    private static func binDirectoryOnPath() -> String? {
        guard let variable = getenv("PATH") else { return nil }
        let programs = String(cString: variable).split(separator: ":").filter { $0.hasPrefix("/") }.map { "\($0)/pg_config" }
        return programs.first { access($0, X_OK) == 0 }.flatMap { firstLine(of: [$0, "--bindir"]) }
    }
}

extension PostgresInstallation.Candidate {
    /// Looks at a folder of programs, or at an installation with them under `bin`.
    init(directory: String) {
        let nested = directory + "/bin"
        let bin = access(nested + "/postgres", F_OK) == 0 ? nested : directory
        let hasPrograms = ["postgres", "initdb"].allSatisfy { access("\(bin)/\($0)", X_OK) == 0 }
        let version = hasPrograms ? firstLine(of: [bin + "/postgres", "--version"]).map { productVersion(ofOutput: $0) } : nil
        let major = version.flatMap { versionNumbers($0).first }
        let extensions = major.flatMap { extensionDirectory(bin: bin, majorVersion: $0) }
        let pgvector = extensions.flatMap { defaultVersion(inControlFile: $0 + "/vector.control") }
        binDirectory = bin
        versionText = version
        majorVersion = major
        pgvectorVersion = pgvector
        let hasCrypto = extensions.map { access($0 + "/pgcrypto.control", F_OK) == 0 } ?? false
        lacks = Self.lacks(hasPrograms: hasPrograms, majorVersion: major, pgvector: pgvector, hasCrypto: hasCrypto)
    }

    private static func lacks(hasPrograms: Bool, majorVersion: Int?, pgvector: String?, hasCrypto: Bool) -> [String] {
        guard hasPrograms, let majorVersion else { return ["the server programs (postgres and initdb that run)"] }
        var lacks: [String] = []
        if majorVersion < PostgresInstallation.oldestMajorVersion {
            lacks.append("version \(PostgresInstallation.oldestMajorVersion) or later")
        }
        let wanted = "pgvector \(PostgresInstallation.oldestPgvector) or later"
        if let pgvector {
            let isOld = versionNumbers(pgvector).lexicographicallyPrecedes(versionNumbers(PostgresInstallation.oldestPgvector))
            if isOld { lacks.append("\(wanted) (it has \(pgvector))") }
        } else {
            lacks.append(wanted)
        }
        if !hasCrypto { lacks.append("pgcrypto") }
        return lacks
    }
}

/// `15.8 (Debian …)` of `postgres (PostgreSQL) 15.8 (Debian …)`.
func productVersion(ofOutput line: String) -> String {
    guard let product = line.firstRange(of: "(PostgreSQL) ") else { return line }
    return String(line[product.upperBound...])
}

/// The leading numbers: `[15, 8]` of `15.8 (Debian 15.8-0)`, `[18]` of `18beta1`.
func versionNumbers(_ text: String) -> [Int] {
    text.prefix { $0.isNumber || $0 == "." }.split(separator: ".").compactMap { Int($0) }
}

/// The first line a program prints; nil when it fails.
func firstLine(of command: [String]) -> String? {
    guard let result = try? ChildCommand(command).run(), result.succeeded else { return nil }
    return result.output.split(separator: "\n").first.map(String.init)
}

/// Folder of the control files. `pg_config` knows it but comes with a package of its own; then the usual layouts are tried.
private func extensionDirectory(bin: String, majorVersion: Int) -> String? {
    let told = firstLine(of: [bin + "/pg_config", "--sharedir"]).map { [$0] } ?? []
    let prefix = parentDirectory(of: bin) ?? ""
    let usual = ["\(prefix)/share/postgresql", "\(prefix)/share", "/usr/share/postgresql/\(majorVersion)"]
    return (told + usual).map { $0 + "/extension" }.first { access($0, X_OK) == 0 }
}

private func defaultVersion(inControlFile path: String) -> String? {
    let lines = text(ofFile: path)?.split(separator: "\n") ?? []
    let setting = lines.first { $0.hasPrefix("default_version") }
    let quoted = setting?.split(separator: "'", omittingEmptySubsequences: false) ?? []
    return quoted.count > 1 ? String(quoted[1]) : nil
}
