import Domain
import Glibc

/// Notices what changes below the roots of an import, new folders too. Blocks; used by one thread.
struct FolderWatch: Sendable {
    /// Changes that have settled.
    struct Batch: Sendable, Equatable {
        /// Files to import.
        var files: [String] = []
        /// What is there no more; a folder stands for all that was below it.
        var gone: [String] = []
        /// Whether changes may have been missed, so that everything has to be gone through.
        var everything = false

        var isEmpty: Bool { files.isEmpty && gone.isEmpty && !everything }
    }

    private struct Folder: Sendable {
        let path: String
        /// One for each root that comes by here.
        var frames: [WalkFrame]
        /// Whether a root begins here: without it there is nothing to watch.
        var isRoot = false
    }

    private let roots: [ImportRoot]
    private let events: FolderEvents
    private var folders: [Int32: Folder] = [:]
    private var settling = SettlingPaths()
    private var everything = false

    /// Watches everything below the roots from now on.
    /// - Throws: `environment` when the kernel does not watch as much, or there is no root to watch.
    init(_ roots: [ImportRoot]) throws {
        self.roots = roots
        do throws(FileFault) { events = try FolderEvents() } catch { throw Self.problem(error) }
        do throws(FileFault) { try watchAll() } catch {
            events.close()
            throw Self.problem(error)
        }
        guard !folders.isEmpty else {
            events.close()
            throw Problem(
                .environment, code: "nothing_to_watch", "None of the paths is there, so there is nothing to watch.", parameter: "--watch")
        }
    }

    private static func problem(_ fault: FileFault) -> Problem {
        Problem(.environment, code: fault.code, fault.reason, remedy: fault.remedy, parameter: "--watch")
    }

    /// Hands on settled changes until nobody waits for them any more.
    /// - Throws: `CancellationError` then; `environment` when a root is gone.
    mutating func run(_ interest: Blocking.Interest, _ handOn: (Batch) -> Void) throws {
        defer { events.close() }
        while true {
            try interest.check()
            for event in try events.next(within: settling.isEmpty ? 250 : 50) { try take(event) }
            let batch = try settled()
            if !batch.isEmpty { handOn(batch) }
        }
    }

    private mutating func watchAll() throws(FileFault) {
        for root in roots {
            guard let frame = try root.watchFrame else { continue }
            let watch = try watch(frame)
            folders[watch]?.isRoot = true
            try watchBelow(frame) { _ in }
        }
    }

    private mutating func watch(_ frame: WalkFrame) throws(FileFault) -> Int32 {
        let watch = try events.watch(frame.folder)
        folders[watch, default: Folder(path: frame.folder, frames: [])].frames.append(frame)
        return watch
    }

    /// Watches the folders below one and tells the files in them. What is gone or closed to us meanwhile is passed over: the walk
    /// of an import tells of it.
    private mutating func watchBelow(_ frame: WalkFrame, _ file: (String) -> Void) throws(FileFault) {
        guard let entries = try? FolderEntry.all(of: frame.folder) else { return }
        for entry in entries {
            switch frame.verdict(on: entry) {
            case .file: file(frame.path(of: entry.name))
            case .folder(let selected):
                guard let below = try? frame.entering(entry.name, selected) else { continue }
                do throws(FileFault) { _ = try watch(below) } catch {
                    if error.code == "watches_exhausted" { throw error }
                    continue
                }
                try watchBelow(below, file)
            default: break
            }
        }
    }

    private mutating func take(_ event: FolderEvents.Event) throws {
        if event.isOverflow { everything = true }
        if event.isEnd { folders[event.folder] = nil }
        guard let folder = folders[event.folder] else { return }
        if event.isLoss, folder.isRoot {
            throw Problem(
                .environment, code: "root_gone", "The folder \(folder.path) is gone, so it is watched no more; nothing was removed.",
                remedy: "Bring it back and start again.", parameter: "--watch")
        }
        guard let name = event.name else { return }
        if IgnoreStack.fileNames.contains(name) { everything = true }
        let path = ExactPath.joined(folder.path, name)
        guard event.isFolder else { return settling.note(path, at: .now) }
        if event.isArrival { try enter(name, folder) } else { leave(path) }
    }

    /// A folder has come: its files are changes, those too that came before it was watched.
    private mutating func enter(_ name: String, _ folder: Folder) throws {
        for frame in folder.frames {
            guard case .folder(let selected) = frame.verdict(on: FolderEntry(name: name, kind: .folder)),
                let below = try? frame.entering(name, selected)
            else { continue }
            var files: [String] = []
            do {
                _ = try watch(below)
                try watchBelow(below) { files.append($0) }
            } catch {
                // Gone again already; or there are more folders than the kernel watches.
                if error.code == "watches_exhausted" { throw Self.problem(error) }
            }
            for file in files { settling.note(file, at: .now) }
        }
    }

    private mutating func leave(_ path: String) {
        for (watch, folder) in folders where folder.path == path || ExactPath(folder.path).names(below: path) != nil {
            events.unwatch(watch)
            folders[watch] = nil
        }
        settling.note(path, at: .now)
    }

    private mutating func settled() throws -> Batch {
        if everything {
            everything = false
            settling.forgetAll()
            for watch in folders.keys { events.unwatch(watch) }
            folders.removeAll()
            try watchAll()
            return Batch(everything: true)
        }
        var batch = Batch()
        for path in settling.take(at: .now) {
            guard let kind = FolderEntry.at(path) else {
                batch.gone.append(path)
                continue
            }
            if isMeant(path, kind) { batch.files.append(path) }
        }
        return batch
    }

    /// Whether a walk would come to this file. A pipe or a broken link is one for the report, too.
    private func isMeant(_ path: String, _ kind: FolderEntry.Kind) -> Bool {
        let (folder, name) = ExactPath.divided(path)
        return folders.values.contains { candidate in
            guard ExactPath(candidate.path) == ExactPath(folder) else { return false }
            return candidate.frames.contains { frame in
                switch frame.verdict(on: FolderEntry(name: name, kind: kind)) {
                case .file, .fault: true
                default: false
                }
            }
        }
    }
}

extension ImportRoot {
    /// The folder to watch for this root; nil for one that is not there.
    fileprivate var watchFrame: WalkFrame? {
        get throws(FileFault) {
            switch kind {
            case .folder, .glob: return try WalkFrame(self)
            case .file:
                let (folder, name) = ExactPath.divided(path)
                return try WalkFrame(ImportRoot(path: folder, given: given, kind: .glob(GlobPattern(base: folder, name: name))))
            case .fault: return nil
            }
        }
    }
}
