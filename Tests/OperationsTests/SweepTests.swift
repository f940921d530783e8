import Domain
import Foundation
import Operations
import Storage
import TestSupport
import Testing

/// What a crash leaves on disk is found and removed; what belongs to somebody, or may soon, is not.
@Suite struct SweepTests {
    private func age(_ path: String) throws {
        try FileManager.default.setAttributes([.modificationDate: Date.now.addingTimeInterval(-7_200)], ofItemAtPath: path)
    }

    /// Stores a text without a row; its address.
    private func store(_ text: String, _ folder: String, isOld: Bool = true) async throws -> ContentDigest {
        let digest = ContentStore.digest(of: Array(text.utf8))
        try await ContentStore(directory: folder).store(Array(text.utf8), digest: digest)
        if isOld { try age("\(folder)/\(ContentStore.path(of: digest))") }
        return digest
    }

    /// Stores a text that a file of Alice's has.
    private func storeKnown(_ text: String, _ folder: String, _ database: TestDatabase) async throws -> ContentDigest {
        try await database.put("\(text).txt", text, for: database.alice)
        return try await store(text, folder)
    }

    /// What the worker's clean-up would remove now.
    private func released(_ database: TestDatabase) async throws -> [ContentDigest] {
        try await database.database.write(database.system) { try await $0.takeReleasedContents(limit: 100) }
    }

    @Test func `Old contents that no row knows of are handed to the clean-up, and no others`() async throws {
        try await withUpkeep { database, upkeep in
            try await withFolder { folder in
                let contents = ContentStore(directory: folder)
                let orphan = try await store("orphan", folder)
                let known = try await storeKnown("known", folder, database)
                _ = try await store("young", folder, isOld: false)
                let dry = try await upkeep.verifyFiles(contents, repair: false)
                #expect(dry.leftovers.contents == 1 && dry.leftovers.files == 0 && !dry.isSound)
                #expect(try await released(database).isEmpty, "looking changes nothing")
                let repaired = try await upkeep.verifyFiles(contents, repair: true)
                #expect(repaired.leftovers.contents == 1)
                #expect(try await upkeep.sweep(contents, removing: true).isEmpty, "it is counted once")
                #expect(try await released(database) == [orphan])
                try await contents.check(known)
            }
        }
    }

    @Test func `A content that is uploaded again between sweep and clean-up stays`() async throws {
        try await withUpkeep { database, upkeep in
            try await withFolder { folder in
                _ = try await store("orphan", folder)
                _ = try await storeKnown("known", folder, database)
                #expect(try await upkeep.sweep(ContentStore(directory: folder), removing: true).contents == 1)
                try await database.put("again.txt", "orphan", for: database.alice)
                #expect(try await released(database).isEmpty)
            }
        }
    }

    @Test func `A store of another database is left alone`() async throws {
        try await withUpkeep { database, upkeep in
            try await withFolder { folder in
                let contents = ContentStore(directory: folder)
                for text in ["one", "two"] { _ = try await store(text, folder) }
                _ = try await storeKnown("known", folder, database)
                let upload = UploadID()
                _ = try await contents.openUpload(upload, turn: 1)
                try age("\(folder)/uploads/\(upload)")
                let report = try await upkeep.verifyFiles(contents, repair: true)
                #expect(report.leftovers.isForeign && report.leftovers.contents == 2 && report.leftovers.files == 1)
                #expect(try await released(database).isEmpty)
                #expect(try FileManager.default.contentsOfDirectory(atPath: "\(folder)/uploads").count == 1)
            }
        }
    }

    @Test func `While a backup is under way nothing is removed`() async throws {
        try await withUpkeep { database, upkeep in
            try await withFolder { folder in
                let orphan = try await store("orphan", folder)
                _ = try await storeKnown("known", folder, database)
                #expect(try await upkeep.sweep(ContentStore(directory: folder), removing: true).contents == 1)
                let source = BackupSource(login: database.superuser, logger: .silent)
                try await source.withSnapshot { _ in
                    let meanwhile = try await released(database)
                    #expect(meanwhile.isEmpty)
                }
                // The backup's session gives its lock back with its end, which takes a moment.
                let isRemoved = try await eventually { try await released(database) == [orphan] }
                #expect(isRemoved)
            }
        }
    }

    @Test func `Incoming files and bytes of uploads go when nobody has them`() async throws {
        try await withUpkeep { database, upkeep in
            try await withFolder { folder in
                let contents = ContentStore(directory: folder)
                let draft = UploadDraft(
                    name: "a.txt", sourcePath: "a.txt", byteCount: 10, sha256: nil, tags: [], conversationID: nil, retryFailed: false,
                    batch: nil)
                let standing = try await database.database.write(database.alice.scope) {
                    try await $0.createUpload(draft, assistant: database.alice.assistant.id)
                }
                let (young, old) = (UploadID(), UploadID())
                for id in [standing.id, young, old] { _ = try await contents.openUpload(id, turn: 1) }
                try Data("x".utf8).write(to: URL(filePath: "\(folder)/incoming/left"))
                for name in ["uploads/\(standing.id)", "uploads/\(old)", "incoming/left"] { try age("\(folder)/\(name)") }
                #expect(try await upkeep.sweep(contents, removing: false).files == 2)
                let report = try #require(
                    try await MaintenanceService(upkeep: upkeep, contents: contents, logger: .silent).round())
                #expect(report.leftovers.files == 2 && report.leftovers.contents == 0)
                let left = try FileManager.default.contentsOfDirectory(atPath: "\(folder)/uploads")
                #expect(Set(left) == [standing.id.description, young.description])
                #expect(try FileManager.default.contentsOfDirectory(atPath: "\(folder)/incoming").isEmpty)
            }
        }
    }
}
