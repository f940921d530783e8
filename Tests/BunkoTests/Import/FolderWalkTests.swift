import Foundation
import Glibc
import Synchronization
import Testing

@testable import bunko

@Suite("Walks")
struct FolderWalkTests {
    private struct Seen: Equatable {
        var files: [String] = []
        var faults: [String: String] = [:]
        var leftOut: [LeftOut: Int] = [:]
    }

    private func walk(_ folder: TemporaryFolder, _ argument: String) -> Seen {
        var seen = Seen()
        var walk = FolderWalk(ImportRoot(folder.path(argument)))
        func name(_ path: String) -> String { String(path.replacing(folder.path + "/", with: "")) }
        while let found = walk.next() {
            switch found {
            case .file(let path): seen.files.append(name(path))
            case .fault(let path, let fault): seen.faults[name(path)] = fault.code
            case .leftOut(_, let reason): seen.leftOut[reason, default: 0] += 1
            }
        }
        return seen
    }

    @Test("Files come sorted, folder by folder; what is hidden, ignored or a link to a folder is counted")
    func everything() throws {
        let folder = try TemporaryFolder()
        for name in ["b.md", "a/z.md", "a/b/c.md", ".hidden/x.md", ".env", "skip.log", "out/x.md", "a/keep.log", "é.md", "가.md"] {
            try folder.write("docs/\(name)", "x")
        }
        try folder.write("docs/.gitignore", "*.log\nout/\n")
        try folder.write("docs/a/.bunkoignore", "!keep.log\nb/\n")
        try #require(symlink("..", folder.path("docs/a/up")) == 0)
        try #require(symlink("../b.md", folder.path("docs/a/link.md")) == 0)
        let seen = walk(folder, "docs")
        #expect(seen.files == ["docs/a/keep.log", "docs/a/link.md", "docs/a/z.md", "docs/b.md", "docs/é.md", "docs/가.md"])
        #expect(seen.leftOut == [.hidden: 2, .ignored: 3, .linkedFolder: 1])
        #expect(seen.faults.isEmpty)
    }

    @Test("What cannot be imported is told and never opened", .timeLimit(.minutes(1)))
    func faults() throws {
        let folder = try TemporaryFolder()
        try folder.write("docs/a.md", "x")
        try #require(mkfifo(folder.path("docs/pipe.md"), 0o600) == 0)
        try #require(symlink("nowhere", folder.path("docs/broken.md")) == 0)
        try #require(symlink("loop.md", folder.path("docs/loop.md")) == 0)
        let bytes: [CChar] = Array((folder.path("docs/") + "bad").utf8CString.dropLast()) + [CChar(bitPattern: 0xFF), 0]
        try #require(creat(bytes, 0o600) >= 0)
        let seen = walk(folder, "docs")
        #expect(seen.files == ["docs/a.md"])
        #expect(
            seen.faults == [
                "docs/pipe.md": "not_regular", "docs/broken.md": "broken_link", "docs/loop.md": "broken_link",
                "docs/bad\u{FFFD}": "name_not_utf8",
            ])
        #expect(walk(folder, "docs/pipe.md").faults == ["docs/pipe.md": "not_regular"])
        #expect(walk(folder, "none").faults == ["none": "not_found"])
        #expect(walk(folder, "none/*.md").faults == ["none/*.md": "not_found"])
    }

    @Test("An ignore file that cannot be read keeps its whole folder from being imported")
    func brokenIgnoreFile() throws {
        let folder = try TemporaryFolder()
        try folder.write("docs/a.md", "x")
        try folder.write("docs/sub/secret.md", "x")
        try #require(symlink("nowhere", folder.path("docs/sub/.bunkoignore")) == 0)
        let seen = walk(folder, "docs")
        #expect(seen.files == ["docs/a.md"])
        #expect(seen.faults == ["docs/sub": "unreadable"])
    }

    @Test("A glob finds files at any depth and obeys ignore files; a file of that very name comes before it")
    func globs() throws {
        let folder = try TemporaryFolder()
        for name in ["a.md", "x/b.md", "x/c.txt", "x/out/d.md", ".h/e.md", "[1].md", "1.md"] { try folder.write("docs/\(name)", "x") }
        try folder.write("docs/x/.gitignore", "out")
        #expect(walk(folder, "docs/**/*.md").files == ["docs/1.md", "docs/[1].md", "docs/a.md", "docs/x/b.md"])
        #expect(walk(folder, "docs/**/*.{txt}").files == [])
        #expect(walk(folder, "docs/*/*.txt").files == ["docs/x/c.txt"])
        #expect(walk(folder, "docs/[1].md").files == ["docs/[1].md"])
        #expect(walk(folder, "docs/.h/*").files == ["docs/.h/e.md"])
        #expect(walk(folder, "doc?").files.contains("docs/x/c.txt"))
    }

    @Test("A root stands for what is below it, and for nothing beside it")
    func coverage() throws {
        let folder = try TemporaryFolder()
        try folder.write("docs/a.md", "x")
        let root = ImportRoot(folder.path("docs"))
        #expect(root.covers(ExactPath(folder.path("docs/x/y.md"))))
        #expect(!root.covers(ExactPath(folder.path("docs-old/y.md"))))
        #expect(!root.covers(ExactPath(folder.path("docs"))))
        let glob = ImportRoot(folder.path("docs/*.md"))
        #expect(glob.covers(ExactPath(folder.path("docs/gone.md"))))
        #expect(!glob.covers(ExactPath(folder.path("docs/gone.txt"))))
    }

    @Test(
        "Paths are made absolute by their text alone",
        arguments: [("/a/./b//c/", "/a/b/c"), ("/a/../../b", "/b"), ("/", "/"), ("/a/..", "/")])
    func absolute(path: String, expected: String) {
        #expect(ExactPath.absolute(path) == expected)
    }

    @Test("Two forms of one name are two files")
    func exactness() {
        #expect(ExactPath("/é") != ExactPath("/e\u{301}"))
        #expect(Set([ExactPath("/é"), ExactPath("/e\u{301}")]).count == 2)
    }

    private final class Batches: Sendable {
        let all = Mutex<[FolderWatch.Batch]>([])
    }

    @Test("A watch hands on what a walk would come to, once it has settled, and everything when the rules change")
    func watching() async throws {
        let folder = try TemporaryFolder()
        try folder.write("docs/.gitignore", "*.log\nout/\n")
        try folder.write("docs/sub/a.md", "x")
        try folder.write("one/only.md", "x")
        let roots = [ImportRoot(folder.path("docs")), ImportRoot(folder.path("one/only.md"))]
        let seen = Batches()
        let watch = try await Blocking.run { _ in try FolderWatch(roots) }
        let running = Task {
            try await Blocking.run { interest in
                var watch = watch
                try watch.run(interest) { batch in seen.all.withLock { $0.append(batch) } }
            }
        }
        func arrives(_ what: String, _ condition: @escaping (FolderWatch.Batch) -> Bool) async throws {
            try await eventually(what, within: .seconds(20)) { seen.all.withLock { $0.contains(where: condition) } }
        }
        for name in ["docs/a.log", "docs/.b.md", "docs/out/c.md", "one/other.md", "docs/new/sub/d.md", "one/only.md"] {
            try folder.write(name, "y")
        }
        try await arrives("the new folder's file") { $0.files.contains(folder.path("docs/new/sub/d.md")) }
        try await arrives("the named file") { $0.files.contains(folder.path("one/only.md")) }
        try FileManager.default.removeItem(atPath: folder.path("docs/sub"))
        try await arrives("the folder that went") { $0.gone.contains(folder.path("docs/sub")) }
        // In one step: rules that are written where they stand change twice, and the second time what came between is told with everything.
        #expect(rename(try folder.write("rules", "*.log\n"), folder.path("docs/.gitignore")) == 0)
        try await arrives("the new rules") { $0.everything }
        try folder.write("docs/out/e.md", "y")
        try await arrives("what the new rules admit") { $0.files == [folder.path("docs/out/e.md")] }
        let files = Set(seen.all.withLock { $0.flatMap(\.files) })
        #expect(files == Set(["docs/new/sub/d.md", "one/only.md", "docs/out/e.md"].map(folder.path)))
        running.cancel()
        let end = await running.result
        #expect(throws: CancellationError.self) { try end.get() }
    }
}
