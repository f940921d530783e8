import Domain
import Foundation
import Glibc
import Storage
import TestSupport
import Testing

@Suite struct ContentStoreTests {
    private func filesBelow(_ folder: String) throws -> [String] {
        try FileManager.default.subpathsOfDirectory(atPath: folder).filter {
            var isFolder: ObjCBool = false
            return FileManager.default.fileExists(atPath: "\(folder)/\($0)", isDirectory: &isFolder) && !isFolder.boolValue
        }
    }

    @Test func `Bytes are stored once under their digest and read back`() async throws {
        try await withFolder { folder in
            let store = ContentStore(directory: "\(folder)/made/here")
            let bytes = (0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
            let digest = ContentStore.digest(of: bytes)
            for _ in 0..<2 { try await store.store(bytes, digest: digest) }
            #expect(try await store.read(digest) == bytes)
            #expect(try filesBelow("\(folder)/made/here") == [ContentStore.path(of: digest)])
            #expect(ContentStore.path(of: digest).hasPrefix("\(digest.description.prefix(2))/"))
            var facts = stat()
            #expect(stat("\(folder)/made/here/\(ContentStore.path(of: digest))", &facts) == 0)
            #expect(facts.st_mode & 0o777 == 0o600)
        }
    }

    @Test func `Many at once store the same content`() async throws {
        try await withFolder { folder in
            let store = ContentStore(directory: folder)
            let bytes = [UInt8](repeating: 7, count: 50_000)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<20 { group.addTask { try await store.store(bytes, digest: ContentStore.digest(of: bytes)) } }
                try await group.waitForAll()
            }
            #expect(try filesBelow(folder).count == 1)
        }
    }

    @Test func `A digest is SHA-256`() {
        #expect(
            ContentStore.digest(of: Array("abc".utf8)).description
                == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    }

    @Test func `Damaged and missing bytes are noticed`() async throws {
        try await withFolder { folder in
            let store = ContentStore(directory: folder)
            let bytes = Array("whole".utf8)
            let digest = ContentStore.digest(of: bytes)
            let missing = await failure(Problem.self) { _ = try await store.read(digest) }
            #expect(missing?.code == "content_missing")
            try await store.store(bytes, digest: digest)
            try Data("whale".utf8).write(to: URL(filePath: "\(folder)/\(ContentStore.path(of: digest))"))
            let damaged = await failure(Problem.self) { _ = try await store.read(digest) }
            #expect(damaged?.code == "content_damaged")
            #expect([missing, damaged].compactMap { $0?.code } == ContentStore.faultCodes)
            for mended in 1...2 {
                try await store.store(bytes, digest: digest)
                #expect(try await store.read(digest) == bytes, "\(mended)")
                #expect(try filesBelow(folder) == [ContentStore.path(of: digest)])
                try Data().write(to: URL(filePath: "\(folder)/\(ContentStore.path(of: digest))"))
            }
            #expect(try await store.remove(digest))
            #expect(try await !store.remove(digest))
        }
    }

    @Test func `A folder that cannot be made is the server's fault`() async throws {
        try await withFolder { folder in
            try Data().write(to: URL(filePath: "\(folder)/file"))
            let store = ContentStore(directory: "\(folder)/file/below")
            let problem = await failure(Problem.self) { try await store.store([1], digest: ContentStore.digest(of: [1])) }
            #expect(problem?.kind == .environment)
            #expect(problem?.detail.contains(folder) == false, "the caller is not told the operator's paths")
        }
    }

    /// Only where the tests may mount a disk of their own.
    @Test(.enabled(if: SmallDisk.isPossible)) func `On a full disk nothing is half stored`() async throws {
        try await withFolder { folder in
            let disk = try SmallDisk(at: folder, kibibytes: 256)
            defer { disk.unmount() }
            let store = ContentStore(directory: folder)
            let small = [UInt8](repeating: 1, count: 10_000)
            let large = [UInt8](repeating: 2, count: 1_000_000)
            try await store.store(small, digest: ContentStore.digest(of: small))
            let problem = await failure(Problem.self) { try await store.store(large, digest: ContentStore.digest(of: large)) }
            #expect(problem?.kind == .storageFull)
            #expect(problem?.code == "disk_full")
            #expect(try filesBelow(folder) == [ContentStore.path(of: ContentStore.digest(of: small))])
            #expect(try await store.read(ContentStore.digest(of: small)) == small)
        }
    }

    /// A limit on the size of files stands in for the disk's end, in a process of its own.
    @Test func `A write that breaks off leaves nothing behind`() async {
        await #expect(processExitsWith: .success) {
            signal(SIGXFSZ, SIG_IGN)
            try await withFolder { folder in
                let store = ContentStore(directory: folder)
                var limit = rlimit(rlim_cur: 4096, rlim_max: rlim_t.max)
                setrlimit(__rlimit_resource_t(1), &limit)
                let bytes = [UInt8](repeating: 2, count: 100_000)
                let problem = await failure(Problem.self) { try await store.store(bytes, digest: ContentStore.digest(of: bytes)) }
                let left = try FileManager.default.subpathsOfDirectory(atPath: folder).filter { $0.contains("/") }
                guard problem?.code == "disk_failure", left.isEmpty else { exit(1) }
            }
        }
    }
}
