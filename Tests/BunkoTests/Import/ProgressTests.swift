import Testing

@testable import bunko

@Suite("Progress")
struct ProgressTests {
    @Test("A steady pace promises the time that is left")
    func steady() throws {
        var pace = Pace()
        #expect(pace.timeLeft(files: 10) == nil)
        for second in 1...10 { pace.note(at: .seconds(second), files: second * 20, bytes: second * 1_000) }
        #expect(abs(pace.filesPerSecond - 20) < 0.001)
        #expect(abs(pace.bytesPerSecond - 1_000) < 0.001)
        #expect(pace.timeLeft(files: 100) == .seconds(5))
        #expect(pace.timeLeft(files: 0) == .zero)
    }

    @Test("What was quick at the start is forgotten; a stall promises nothing")
    func window() {
        var pace = Pace()
        pace.note(at: .seconds(1), files: 10_000, bytes: 0)
        for second in 2...40 { pace.note(at: .seconds(second), files: 10_000 + second, bytes: 0) }
        #expect(abs(pace.filesPerSecond - 1) < 0.1)
        for second in 41...80 { pace.note(at: .seconds(second), files: 10_040, bytes: 0) }
        #expect(pace.timeLeft(files: 5) == nil)
    }

    @Test("A pause longer than the window still leaves two samples to compare")
    func sparse() {
        var pace = Pace()
        pace.note(at: .seconds(100), files: 50, bytes: 0)
        #expect(abs(pace.filesPerSecond - 0.5) < 0.001)
        pace.note(at: .seconds(200), files: 150, bytes: 0)
        #expect(abs(pace.filesPerSecond - 1) < 0.001)
    }

    @Test("Files are counted by step, and leave it with their end")
    func counting() {
        let progress = ImportProgress()
        for _ in 0..<3 { progress.found() }
        progress.move(0, to: .uploading)
        progress.move(1, to: .embedding)
        #expect(progress.snapshot().timeLeft == nil, "nobody knows how many there are")
        progress.end(1, .failed)
        progress.end(2, .done)
        progress.endWalk()
        let now = progress.snapshot()
        #expect(now.steps == [.uploading: 1])
        #expect(now.found == 3 && now.ended == 2 && now.failed == 1 && now.isWalked)
    }

    @Test("The lines say everything, on a terminal and in a log")
    func lines() {
        var progress = ImportProgress.Snapshot()
        progress.found = 200
        progress.isWalked = true
        progress.ended = 50
        progress.failed = 3
        progress.steps = [.queued: 12, .embedding: 1]
        progress.filesPerSecond = 12.4
        progress.bytesPerSecond = 2_048
        progress.timeLeft = .seconds(75)
        #expect(ProgressDisplay.bar(progress) == "██████░░░░░░░░░░░░░░░░░░ 50/200 files, 3 failed  12 files/s  2.0 KiB/s  1:15 left")
        #expect(ProgressDisplay.steps(progress) == "uploading 0  queued 12  extracting 0  embedding 1  storing 0")
        progress.isWalked = false
        progress.timeLeft = nil
        progress.elapsed = .seconds(3_725)
        #expect(ProgressDisplay.line(progress).hasPrefix("import: 50/200+ files, 3 failed; 12 files/s  2.0 KiB/s; 1:02:05; uploading 0"))
    }

    @Test("The summary tells states, codes and each failure")
    func summary() {
        let files = [
            ImportReport.File(path: "/a.md", state: .done, chunks: 7), ImportReport.File(path: "/b.md", state: .unchanged, chunks: 2),
            ImportReport.File(path: "/c.pdf", failed: "locked", "It is locked.", remedy: "Save it without a password."),
            ImportReport.File(path: "/d.pdf", failed: "locked", "It is locked."),
            ImportReport.File(path: "/e.md", failed: "no_text", "It is empty."),
            ImportReport.File(path: "/gone.md", state: .removed, chunks: 4),
        ]
        let report = ImportReport(files: files, open: 1, leftOut: [.hidden: 2], kept: 0, interrupted: true, seconds: 1.2345)
        #expect(report.totals == .init(files: 6, done: 1, unchanged: 1, failed: 3, removed: 1, chunks: 9, open: 1))
        #expect(report.failures == ["locked": 2, "no_text": 1])
        #expect(files[2].reason == "locked: It is locked.")
        let lines = ImportSummary(report: report).lines
        #expect(lines.first == "3 failed: 2 locked, 1 no_text")
        #expect(lines.contains("  /c.pdf") && lines.contains("      → Save it without a password."))
        #expect(lines.contains { $0.split(separator: " ") == ["removed", "1", "4"] })
        #expect(lines.contains("left out: 2 hidden"))
        #expect(lines.last == "1.2 s")
    }
}
