/// Goes through what a root stands for, folder by folder and sorted by name, without holding more than the folders on the way down.
///
/// Blocks on the disk; call it off the cooperative pool.
struct FolderWalk {
    enum Found: Sendable {
        case file(String)
        case fault(String, FileFault)
        case leftOut(String, LeftOut)
    }

    private var first: Found?
    private var levels: [(frame: WalkFrame, rest: ArraySlice<FolderEntry>)] = []

    init(_ root: ImportRoot) {
        switch root.kind {
        case .file: first = .file(root.path)
        case .fault(let fault): first = .fault(root.given, fault)
        case .folder, .glob:
            do throws(FileFault) {
                try enter(try WalkFrame(root))
            } catch {
                first = .fault(root.path, error)
            }
        }
    }

    /// Whether there is at least one file to import.
    static func hasFiles(_ root: ImportRoot) -> Bool {
        var walk = FolderWalk(root)
        while let found = walk.next() {
            if case .file = found { return true }
        }
        return false
    }

    mutating func next() -> Found? {
        if let found = first {
            first = nil
            return found
        }
        while let entry = nextEntry() {
            if let found = take(entry, levels[levels.count - 1].frame) { return found }
        }
        return nil
    }

    private mutating func nextEntry() -> FolderEntry? {
        while let level = levels.indices.last {
            if let entry = levels[level].rest.popFirst() { return entry }
            levels.removeLast()
        }
        return nil
    }

    private mutating func take(_ entry: FolderEntry, _ frame: WalkFrame) -> Found? {
        let path = frame.path(of: entry.name)
        switch frame.verdict(on: entry) {
        case .file: return .file(path)
        case .leftOut(let reason): return .leftOut(path, reason)
        case .fault(let fault): return .fault(path, fault)
        case .notMeant: return nil
        case .folder(let selected):
            do throws(FileFault) {
                try enter(try frame.entering(entry.name, selected))
                return nil
            } catch {
                return .fault(path, error)
            }
        }
    }

    private mutating func enter(_ frame: WalkFrame) throws(FileFault) {
        levels.append((frame, try FolderEntry.all(of: frame.folder)[...]))
    }
}
