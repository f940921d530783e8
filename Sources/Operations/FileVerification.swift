public import Domain
public import Storage

/// What comparing files with their passages and their stored bytes brought to light.
public struct FileVerification: Sendable, Codable {
    /// A content whose stored bytes are not what they were, or gone.
    public struct Fault: Sendable, Codable, Hashable {
        public let sha256: String
        /// `content_missing` or `content_damaged`.
        public let code: String
        public let files: [FileID]
    }

    /// Contents that were read.
    public var contents = 0
    public var faults: [Fault] = []
    public var mismatches: [PassageMismatch] = []
    /// Files put into the queue again.
    public var repaired = 0
    /// What stands on disk and belongs to nothing; removed by a repair.
    public var leftovers = ContentSweep()

    /// Whether nothing is wrong.
    public var isSound: Bool { faults.isEmpty && mismatches.isEmpty && leftovers.isEmpty }
}

extension Upkeep {
    private static let contentsPerPage = 500

    /// Compares every file that is done with its passages, and every stored content with its address, and looks for what belongs to
    /// nothing. Reads all stored bytes.
    /// - Parameter repair: has files with other passages than they say read again, and what belongs to nothing removed. Bytes that are gone
    ///   must be uploaded again.
    public func verifyFiles(_ contents: ContentStore, repair: Bool) async throws -> FileVerification {
        var report = FileVerification()
        report.mismatches = try await database.read(scope) { try await $0.passageMismatches() }
        if repair {
            for mismatch in report.mismatches {
                let isQueued = try await database.write(scope) { try await $0.processAgain(mismatch.file, of: mismatch.user) }
                if isQueued { report.repaired += 1 }
            }
        }
        report.leftovers = try await sweep(contents, removing: repair)
        var last: ContentDigest?
        while true {
            let page = try await database.read(scope) { try await $0.referredContents(after: last, limit: Self.contentsPerPage) }
            for digest in page {
                report.contents += 1
                do {
                    try await contents.check(digest)
                } catch let problem as Problem where ContentStore.faultCodes.contains(problem.code) {
                    let files = try await database.read(scope) { try await $0.files(with: digest) }
                    // Removed meanwhile.
                    guard !files.isEmpty else { continue }
                    report.faults.append(.init(sha256: digest.description, code: problem.code, files: files))
                }
            }
            guard page.count == Self.contentsPerPage else { return report }
            last = page.last
        }
    }
}
