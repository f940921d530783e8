import Domain
import Foundation
import Glibc
import Storage
import TestSupport
import Testing

/// Contents that come in and go out piece by piece.
@Suite struct ContentStreamTests {
    /// Larger than what is kept in memory.
    private static let large = (0..<900_000).map { UInt8(truncatingIfNeeded: $0 &* 31 ^ $0 >> 9) }
    private static let refusal = Problem(.tooLarge, code: "refused", "Too much.")

    private func writer(_ store: ContentStore, atMost limit: Int = .max) -> ContentWriter {
        store.writer(atMost: limit, refusal: Self.refusal)
    }

    private func send(_ bytes: [UInt8], in size: Int, to writer: ContentWriter) async throws {
        for start in stride(from: 0, to: bytes.count, by: size) {
            try await writer.append(bytes[start..<min(start + size, bytes.count)])
        }
    }

    @Test(arguments: [0, 1, 300, 262_143, 262_144, 262_145, 900_000], [7_000, 262_144, 1_000_000])
    func `A content is the same in pieces of any size`(count: Int, size: Int) async throws {
        try await withFolder { folder in
            let store = ContentStore(directory: folder)
            let bytes = Array(Self.large.prefix(count))
            let writer = writer(store, atMost: count)
            try await send(bytes, in: size, to: writer)
            let content = try await writer.finish()
            #expect(content.digest == ContentStore.digest(of: bytes) && content.byteCount == count)
            #expect(try Folder(folder).contents.isEmpty, "nothing has its place before it is given one")
            for _ in 0..<2 { try await store.store(content) }
            let read = try await store.read(content.digest)
            #expect(read == bytes)
            #expect(try Folder(folder).contents == [ContentStore.path(of: content.digest)])
        }
    }

    @Test func `The limit ends a stream with the byte that passes it, and nothing is left`() async throws {
        try await withFolder { folder in
            let store = ContentStore(directory: folder)
            for limit in [0, 10, 300_000, 899_999] {
                let problem = await failure(Problem.self) { try await send(Self.large, in: 10_000, to: writer(store, atMost: limit)) }
                #expect(problem?.code == "refused", "limit \(limit)")
            }
            let isEmptied = try await eventually { try Folder(folder).files.isEmpty }
            #expect(isEmptied)
        }
    }

    @Test func `What is given up or cancelled leaves nothing`() async throws {
        try await withFolder { folder in
            let store = ContentStore(directory: folder)
            let task = Task {
                let writer = writer(store)
                try await send(Self.large, in: 10_000, to: writer)
                let content = try await writer.finish()
                try await Task.sleep(for: .seconds(600))
                try await store.store(content)
            }
            let isBegun = try await eventually { try Folder(folder).incoming.count == 1 }
            #expect(isBegun)
            task.cancel()
            _ = await task.result
            let isEmptied = try await eventually { try Folder(folder).files.isEmpty }
            #expect(isEmptied)
        }
    }

    @Test func `Many at once stream the same content`() async throws {
        try await withFolder { folder in
            let store = ContentStore(directory: folder)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<12 {
                    group.addTask {
                        let writer = writer(store)
                        try await send(Self.large, in: 50_000 + number, to: writer)
                        try await store.store(try await writer.finish())
                    }
                }
                try await group.waitForAll()
            }
            let digest = ContentStore.digest(of: Self.large)
            try await store.check(digest)
            let isAlone = try await eventually { try Folder(folder).files == [ContentStore.path(of: digest)] }
            #expect(isAlone)
        }
    }

    @Test func `A content that was removed after it was seen standing is stored all the same, and a damaged one is mended`() async throws {
        try await withFolder { folder in
            let store = ContentStore(directory: folder)
            let digest = ContentStore.digest(of: Self.large)
            try await store.store(Self.large, digest: digest)
            let writer = writer(store)
            try await send(Self.large, in: 100_000, to: writer)
            let content = try await writer.finish()
            #expect(try await store.remove(digest))
            try await store.store(content)
            try await store.check(digest)
            try Data("damage".utf8).write(to: URL(filePath: "\(folder)/\(ContentStore.path(of: digest))"))
            let damaged = await failure(Problem.self) { try await store.check(digest) }
            #expect(damaged?.code == "content_damaged")
            let again = self.writer(store)
            try await send(Self.large, in: 100_000, to: again)
            try await store.store(try await again.finish())
            try await store.check(digest)
        }
    }

    @Test func `A reader is lent the open file after it was checked`() async throws {
        try await withFolder { folder in
            let store = ContentStore(directory: folder)
            let digest = ContentStore.digest(of: Self.large)
            let missing = await failure(Problem.self) { try await store.withDescriptor(digest) { _ in } }
            #expect(missing?.code == "content_missing")
            try await store.store(Self.large, digest: digest)
            try await store.withDescriptor(digest) { descriptor in
                #expect(lseek(descriptor, 0, SEEK_CUR) == 0)
                #expect(fcntl(descriptor, F_GETFD) & FD_CLOEXEC != 0)
                #expect(write(descriptor, "x", 1) == -1, "it can be read only")
                // What happens to the name meanwhile is nothing to the reader.
                let isRemoved = try await store.remove(digest)
                #expect(isRemoved)
                var first = [UInt8](repeating: 0, count: 1_000)
                let count = read(descriptor, &first, first.count)
                #expect(count == 1_000 && first == Array(Self.large.prefix(1_000)))
            }
            try await store.store(Self.large, digest: digest)
            let path = "\(folder)/\(ContentStore.path(of: digest))"
            try Data(Self.large.dropLast() + [0]).write(to: URL(filePath: path))
            var isLent = false
            let damaged = await failure(Problem.self) { try await store.withDescriptor(digest) { _ in isLent = true } }
            #expect(damaged?.code == "content_damaged" && !isLent)
        }
    }

    /// Only where the tests may mount a disk of their own.
    @Test(.enabled(if: SmallDisk.isPossible)) func `A stream that fills the disk leaves what was there`() async throws {
        try await withFolder { folder in
            let disk = try SmallDisk(at: folder, kibibytes: 512)
            defer { disk.unmount() }
            let store = ContentStore(directory: folder)
            let small = ContentStore.digest(of: [1, 2, 3])
            try await store.store([1, 2, 3], digest: small)
            let problem = await failure(Problem.self) { try await send(Self.large, in: 10_000, to: writer(store)) }
            #expect(problem?.kind == .storageFull && problem?.code == "disk_full")
            let isAsBefore = try await eventually { try Folder(folder).files == [ContentStore.path(of: small)] }
            #expect(isAsBefore)
            let read = try await store.read(small)
            #expect(read == [1, 2, 3])
        }
    }

    @Test func `Incoming files that nobody has are found by their age, those being written are not`() async throws {
        try await withFolder { folder in
            let store = ContentStore(directory: folder)
            let writer = writer(store)
            try await send(Self.large, in: 300_000, to: writer)
            let incoming = try Folder(folder).incoming
            #expect(incoming.count == 1)
            for name in ["left-1", "left-2"] { try Data("x".utf8).write(to: URL(filePath: "\(folder)/incoming/\(name)")) }
            let hourAgo = Date.now.addingTimeInterval(-3_600)
            for name in incoming + ["left-1"] { try Folder(folder).age("incoming/\(name)", by: 7_200) }
            #expect(try await store.abandonedFiles(olderThan: hourAgo, removing: false) == 1)
            #expect(try await store.abandonedFiles(olderThan: hourAgo, removing: true) == 1)
            #expect(try Set(Folder(folder).incoming) == Set(incoming + ["left-2"]))
            try await store.store(try await writer.finish())
            try await store.check(ContentStore.digest(of: Self.large))
        }
    }

    @Test func `Folders that somebody took away are made again`() async throws {
        try await withFolder { folder in
            let store = ContentStore(directory: "\(folder)/files")
            try await store.store([1], digest: ContentStore.digest(of: [1]))
            try FileManager.default.removeItem(atPath: "\(folder)/files")
            try await store.store([2], digest: ContentStore.digest(of: [2]))
            let read = try await store.read(ContentStore.digest(of: [2]))
            #expect(read == [2])
        }
    }

    @Test func `An upload goes on where it was acknowledged, in another process too`() async throws {
        try await withFolder { folder in
            let id = UploadID()
            let first = ContentStore(directory: folder)
            let begun = try await first.openUpload(id, turn: 1)
            try await begun.goOn(at: 0, atMost: 900_000, refusal: Self.refusal)
            try await begun.append(Self.large[..<300_000])
            #expect(try await begun.sync() == 300_000)
            // These bytes came, and the server died before it answered.
            try await begun.goOn(at: 300_000, atMost: 600_000, refusal: Self.refusal)
            try await begun.append([UInt8](repeating: 9, count: 400_000))

            let second = ContentStore(directory: folder)
            let later = try await second.openUpload(id, turn: 2)
            #expect(try await later.byteCount() == 700_000)
            try await later.goOn(at: 300_000, atMost: 600_000, refusal: Self.refusal)
            for start in stride(from: 300_000, to: 900_000, by: 60_000) { try await later.append(Self.large[start..<start + 60_000]) }
            let over = await failure(Problem.self) { try await later.append([1]) }
            #expect(over?.code == "refused")
            #expect(try await later.sync() == 900_000)
            let content = try await later.content()
            #expect(content.byteCount == 900_000 && content.digest == ContentStore.digest(of: Self.large))
            try await second.store(content)
            #expect(try await second.removeUpload(id))
            try await second.check(content.digest)
        }
    }

    @Test func `Who is no longer in turn writes nothing`() async throws {
        try await withFolder { folder in
            let (store, id) = (ContentStore(directory: folder), UploadID())
            let stale = try await store.openUpload(id, turn: 1)
            try await stale.goOn(at: 0, atMost: 1_000_000, refusal: Self.refusal)
            try await stale.append([UInt8](repeating: 9, count: 10))
            let next = try await store.openUpload(id, turn: 2)
            try await next.goOn(at: 0, atMost: 1_000_000, refusal: Self.refusal)
            try await next.append([1, 2, 3])
            #expect(try await next.sync() == 3)
            for attempt in 0..<2 {
                let problem = await failure(Problem.self) {
                    if attempt == 0 { _ = try await stale.sync() } else { try await stale.append(Self.large) }
                }
                #expect(problem?.code == "upload_superseded")
            }
            let late = try await store.openUpload(id, turn: 1)
            let problem = await failure(Problem.self) { try await late.goOn(at: 0, atMost: 10, refusal: Self.refusal) }
            #expect(problem?.code == "upload_superseded")
            let content = try await next.content()
            #expect(content.digest == ContentStore.digest(of: [1, 2, 3]))
        }
    }
}

/// What stands in the folders of a store.
private struct Folder {
    let path: String

    init(_ path: String) { self.path = path }

    var files: [String] {
        get throws {
            try FileManager.default.subpathsOfDirectory(atPath: path).filter {
                var isFolder: ObjCBool = false
                return FileManager.default.fileExists(atPath: "\(path)/\($0)", isDirectory: &isFolder) && !isFolder.boolValue
            }
        }
    }

    var contents: [String] { get throws { try files.filter { $0.prefix { $0 != "/" }.count == 2 } } }
    var incoming: [String] { get throws { try files.filter { $0.hasPrefix("incoming/") }.map { String($0.dropFirst(9)) } } }

    func age(_ name: String, by seconds: TimeInterval) throws {
        try FileManager.default.setAttributes(
            [.modificationDate: Date.now.addingTimeInterval(-seconds)], ofItemAtPath: "\(path)/\(name)")
    }
}
