import Synchronization

/// Takes down what an import found and what became of each file, in the order they were found.
final class ImportLedger: Sendable {
    private struct State {
        var files: [ImportReport.File?] = []
        var seen: Set<ExactPath> = []
        var passedOver: Set<ExactPath> = []
        var leftOut: [LeftOut: Int] = [:]
        /// For each root, the files found below it.
        var counts: [Int: Int] = [:]
        var hidesContent = false
        var isWalked = false
        /// What was done about files that are gone, behind all that were found.
        var removed: [ImportReport.File] = []
        var kept = 0
    }

    /// A file to import and its place in the report.
    struct Candidate: Sendable {
        let index: Int
        let path: String
    }

    private let state = Mutex(State())
    private let progress: ImportProgress

    init(progress: ImportProgress) {
        self.progress = progress
    }

    /// Goes through the roots and hands on what is to be imported. Blocks on the disk.
    /// - Throws: `CancellationError`.
    func walk(_ options: ImportOptions, _ interest: Blocking.Interest, _ handOn: (Candidate) -> Void) throws {
        for (index, root) in options.roots.enumerated() {
            var walk = FolderWalk(root)
            while let found = walk.next() {
                try interest.check()
                if let candidate = take(found, root: index) { handOn(candidate) }
            }
            if case .glob = root.kind, filesFound(root: index) == 0, !options.allowEmpty { noteNoMatch(root) }
        }
        endWalk()
    }

    /// A pattern that finds nothing may be a mistake.
    private func noteNoMatch(_ root: ImportRoot) {
        guard let index = place(root.given, nil, hidesContent: false) else { return }
        end(index, ImportReport.File(path: root.given, .noMatch))
    }

    /// Takes down what a walk found; what is to be imported comes back, each path once.
    func take(_ found: FolderWalk.Found, root: Int) -> Candidate? {
        switch found {
        case .leftOut(let path, let reason):
            state.withLock { state in
                if state.passedOver.insert(ExactPath(path)).inserted { state.leftOut[reason, default: 0] += 1 }
            }
            return nil
        case .fault(let path, let fault):
            guard let index = place(path, root, hidesContent: fault.hidesContent) else { return nil }
            end(index, ImportReport.File(path: path, fault))
            return nil
        case .file(let path):
            return place(path, root, hidesContent: false).map { Candidate(index: $0, path: path) }
        }
    }

    private func place(_ path: String, _ root: Int?, hidesContent: Bool) -> Int? {
        let index: Int? = state.withLock { state in
            if let root { state.counts[root, default: 0] += 1 }
            if hidesContent { state.hidesContent = true }
            guard state.seen.insert(ExactPath(path)).inserted else { return nil }
            state.files.append(nil)
            return state.files.count - 1
        }
        if index != nil { progress.found() }
        return index
    }

    private func endWalk() {
        state.withLock { $0.isWalked = true }
        progress.endWalk()
    }

    /// What became of a file; the first word counts.
    func end(_ index: Int, _ file: ImportReport.File, hidesContent: Bool = false) {
        let isFirst = state.withLock { state in
            if hidesContent { state.hidesContent = true }
            guard state.files[index] == nil else { return false }
            state.files[index] = file
            return true
        }
        if isFirst { progress.end(index, file.state) }
    }

    /// What became of a file that is gone from the folder, or of a whole folder of them.
    func remove(_ file: ImportReport.File) { state.withLock { $0.removed.append(file) } }

    /// Files that are gone from the folder and stay.
    func keep(_ count: Int) { state.withLock { $0.kept += count } }

    /// Whether everything below the roots was found and could be read, so that what is not among it is gone.
    var isComplete: Bool { state.withLock { $0.isWalked && !$0.hidesContent } }

    func filesFound(root: Int) -> Int { state.withLock { $0.counts[root] ?? 0 } }

    func hasFound(_ path: ExactPath) -> Bool { state.withLock { $0.seen.contains(path) } }

    /// The files that have come to their end, with their places.
    var ended: [(index: Int, file: ImportReport.File)] {
        state.withLock { state in
            state.files.enumerated().compactMap { index, file in file.map { (index, $0) } }
        }
    }

    func report(seconds: Double, createdAssistant: String?, interrupted: Bool) -> ImportReport {
        state.withLock { state in
            let ended = state.files.compactMap(\.self)
            return ImportReport(
                files: ended + state.removed, open: state.files.count - ended.count, leftOut: state.leftOut, kept: state.kept,
                createdAssistant: createdAssistant, interrupted: interrupted, seconds: seconds)
        }
    }
}
