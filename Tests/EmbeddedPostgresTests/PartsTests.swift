import Glibc
import Testing

@testable import EmbeddedPostgres

@Suite struct PartsTests {
    @Test func restartWaitsDoubleUpToTheCapAndEnd() {
        var policy = RestartPolicy(firstWait: .milliseconds(100), longestWait: .milliseconds(350), attempts: 4)
        let decisions = (0..<5).map { _ in policy.decide(afterRunOf: .seconds(1)) }
        let waits: [Duration] = [.milliseconds(100), .milliseconds(200), .milliseconds(350), .milliseconds(350)]
        #expect(decisions == waits.map { .restart(after: $0) } + [.giveUp])
    }

    @Test func aStableRunForgivesEarlierFailures() {
        var policy = RestartPolicy(attempts: 1)
        #expect(policy.decide(afterRunOf: .zero) == .restart(after: policy.firstWait))
        #expect(policy.decide(afterRunOf: policy.stableAfter) == .restart(after: policy.firstWait))
        #expect(policy.decide(afterRunOf: policy.stableAfter - .milliseconds(1)) == .giveUp)
    }

    @Test func aPostgreSQLThatIsKilledEveryFewSecondsIsAlwaysStartedAgain() {
        var policy = RestartPolicy()
        for _ in 1...50 { #expect(policy.decide(afterRunOf: .seconds(5)) == .restart(after: policy.firstWait)) }
    }

    @Test func readsPostmasterFilesWholeAndBegun() {
        let whole = PostmasterFile(text: "4711\n/d/postgres\n1700000000\n5432\n/run/bunko-1\n\n  5432001  1\nready   \n")
        #expect(whole?.pid == 4711)
        #expect(whole?.socketDirectory == "/run/bunko-1")
        #expect(whole?.isReady == true)
        #expect(PostmasterFile(text: "4711\n/d/postgres\n1700000000\n5432\n/run\n\n 1 1\nstarting\n")?.isReady == false)
        #expect(PostmasterFile(text: "4711\n")?.socketDirectory == "")
        #expect(PostmasterFile(text: "") == nil)
        #expect(PostmasterFile(text: "rubbish\n") == nil)
    }

    @Test(arguments: [(100, 64), (4096, 512), (1 << 20, 2048)])
    func sharedMemoryFollowsTheMachineWithinBounds(memory: Int, expected: Int) {
        let settings = ServerSettings(memoryMebibytes: memory, logDirectory: #"/d/it's \ "#)
        #expect(settings.sharedBuffersMebibytes == expected)
        #expect(settings.fileText.contains("shared_buffers = \(expected)MB"))
        #expect(settings.fileText.contains(#"log_directory = '/d/it''s \\ '"#))
    }

    @Test func socketPathsAreShortWhateverTheDataFolder() {
        let mark = RuntimeDirectory.fingerprint(String(repeating: "/long", count: 200))
        #expect(mark.utf8.count == 16)
        #expect(mark != RuntimeDirectory.fingerprint("/other"))
        #expect("/tmp/bunko-4294967295-\(mark)/\(ClusterLayout.socketName)".utf8.count <= 107)
    }

    @Test func refusesARuntimeFolderThatIsALinkOrAFile() async throws {
        try await withDataFolder { folder in
            let account = try folder.account()
            symlink("/tmp", folder.path + "/link")
            try write("", to: folder.path + "/file")
            for name in ["link", "file"] {
                let error = await failure { _ = try RuntimeDirectory.make("\(folder.path)/\(name)", account: account) }
                #expect(error?.kind == .runtimeFolderUnsafe)
            }
        }
    }

    @Test func refusesARuntimeFolderOfSomebodyElse() async throws {
        try await withDataFolder { folder in
            // Root gives a folder away; a normal user finds one of root's.
            let path = geteuid() == 0 ? folder.path + "/run" : "/usr"
            mkdir(folder.path + "/run", 0o777)
            if geteuid() == 0 { chown(path, 4242, 4242) }
            let account = try folder.account()
            let error = await failure { _ = try RuntimeDirectory.make(path, account: account) }
            #expect(error?.kind == .runtimeFolderUnsafe)
            #expect(error?.what.contains("belongs to uid") == true)
        }
    }

    @Test func makesAndReusesAPrivateRuntimeFolder() async throws {
        try await withDataFolder { folder in
            let account = try folder.account()
            for _ in 0..<2 {
                let path = try RuntimeDirectory.make(folder.path + "/run", account: account)
                let facts = try #require(FileFacts(path: path ?? ""))
                #expect(facts.owner == account.uid)
                #expect(facts.mode & 0o777 == 0o700)
            }
        }
    }

    @Test(arguments: [(ENOSPC, "free some space"), (EROFS, "writable"), (EACCES, "right to write"), (ENOTDIR, "a file stands")])
    func fileErrorsNameTheirRemedy(code: Int32, remedy: String) {
        errno = code
        let error = SystemFailure("Writing the file", "/d/x").asFolderError
        #expect(error.kind == .folderUnusable)
        #expect(error.location == "/d/x")
        #expect(error.remedy.contains(remedy))
    }

    @Test func childrenInheritNeitherDescriptorsNorTheSession() async throws {
        try await withDataFolder { folder in
            let descriptor = open(folder.path + "/leak", O_RDWR | O_CREAT, 0o600)
            defer { close(descriptor) }
            let listing = try ChildCommand(["/bin/ls", "-l", "/proc/self/fd"]).run()
            #expect(listing.succeeded)
            #expect(!listing.output.contains("/leak"))
            let session = try ChildCommand(["/bin/sh", "-c", "cut -d ' ' -f 6 /proc/$$/stat; pwd"]).run()
            let words = session.output.split(whereSeparator: \.isWhitespace)
            #expect(words.last == "/")
            #expect(words.first.flatMap { pid_t($0) } != getsid(0))
        }
    }

    @Test func toldExitsMatchWhatHappened() throws {
        #expect(try ChildCommand(["/bin/sh", "-c", "echo out; echo err >&2; exit 3"]).run().exit == .code(3))
        #expect(try ChildCommand(["/bin/sh", "-c", "kill -9 $$"]).run().exit == .signal(SIGKILL))
        #expect(try ChildCommand(["/bin/sh", "-c", "echo out; echo err >&2"]).run().output == "out\nerr\n")
    }
}

@Suite struct DataDirectoryLockTests {
    @Test func secondLockIsRefusedNamingTheHolder() async throws {
        try await withDataFolder { folder in
            let first = try DataDirectoryLock(directory: folder.path)
            let error = await failure { _ = try DataDirectoryLock(directory: folder.path) }
            #expect(error?.kind == .folderInUse)
            #expect(error?.what == "The data folder \(folder.path) is in use by process \(getpid()).")
            first.release()
            first.release()
            let second = try DataDirectoryLock(directory: folder.path)
            #expect(second.path == folder.path + "/bunko.lock")
        }
    }

    /// A child between fork and exec, close-on-exec or not, has every descriptor for a moment.
    @Test func endsWhileAChildStillHasTheDescriptor() async throws {
        try await withDataFolder { folder in
            let lock = try DataDirectoryLock(directory: folder.path)
            let descriptors = names(inDirectory: "/proc/self/fd").compactMap { Int32($0) }
            let held = descriptors.filter { (try? canonicalPath("/proc/self/fd/\($0)")) == lock.path }
            let copy = dup(try #require(held.first))
            defer { close(copy) }
            lock.release()
            #expect(await failure { _ = try DataDirectoryLock(directory: folder.path) } == nil)
        }
    }

    @Test func endsWithItsLastCopy() async throws {
        try await withDataFolder { folder in
            var copies: [DataDirectoryLock] = [try DataDirectoryLock(directory: folder.path)]
            copies.append(copies[0])
            copies.removeFirst()
            #expect(await failure { _ = try DataDirectoryLock(directory: folder.path) } != nil)
            copies.removeAll()
            #expect(await failure { _ = try DataDirectoryLock(directory: folder.path) } == nil)
        }
    }

    @Test func missingFolderIsAnErrorWithItsPath() async {
        let error = await failure { _ = try DataDirectoryLock(directory: "/tmp/bunko-no-such-folder") }
        #expect(error?.kind == .folderUnusable)
        #expect(error?.location == "/tmp/bunko-no-such-folder/bunko.lock")
    }
}
