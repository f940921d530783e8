/// A folder on the way down: what of its entries an import takes.
struct WalkFrame: Sendable {
    let folder: String
    private let glob: GlobPattern?
    /// Names from the root's folder to this one.
    private let names: [[Character]]
    private var ignore: IgnoreStack
    /// Nil: everything in this folder is meant.
    private let selection: GlobPattern.Selection?

    enum Verdict: Sendable {
        case file
        case folder(Selected)
        case leftOut(LeftOut)
        case fault(FileFault)
        /// Nothing to import, and nothing to tell.
        case notMeant
    }

    /// What is meant of a folder's content.
    struct Selected: Sendable {
        fileprivate let selection: GlobPattern.Selection?
    }

    /// The folder a root begins with.
    /// - Throws: when an ignore file in it cannot be read.
    init(_ root: ImportRoot) throws(FileFault) {
        let glob: GlobPattern? = if case .glob(let pattern) = root.kind { pattern } else { nil }
        try self.init(folder: root.path, glob: glob, names: [], ignore: IgnoreStack(), selection: glob?.start)
    }

    private init(
        folder: String, glob: GlobPattern?, names: [[Character]], ignore: IgnoreStack, selection: GlobPattern.Selection?
    ) throws(FileFault) {
        self.folder = folder
        self.glob = glob
        self.names = names
        self.ignore = ignore
        self.selection = selection
        for name in IgnoreStack.fileNames {
            if let rules = try Self.rules(ExactPath.joined(folder, name)) { self.ignore.add(rules, depth: names.count) }
        }
    }

    func path(of name: String) -> String { ExactPath.joined(folder, name) }

    /// - Throws: as ``init(_:)``.
    func entering(_ name: String, _ selected: Selected) throws(FileFault) -> WalkFrame {
        try WalkFrame(
            folder: path(of: name), glob: glob, names: names + [Array(name)], ignore: ignore, selection: selected.selection)
    }

    func verdict(on entry: FolderEntry) -> Verdict {
        if case .fault(.nameNotUTF8) = entry.kind { return .fault(.nameNotUTF8) }
        let name = Array(entry.name)
        var below: GlobPattern.Selection?
        if let glob, let selection {
            switch glob.step(selection, over: name) {
            case .none: return .notMeant
            case .partly(let next): below = next
            case .everything: break
            }
        } else if entry.name.utf8.first == UInt8(ascii: ".") {
            // An ignore file has been read, so it is not left out.
            return IgnoreStack.fileNames.contains(entry.name) ? .notMeant : .leftOut(.hidden)
        }
        if ignore.ignores(names + [name], isFolder: entry.kind == .folder) { return .leftOut(.ignored) }
        switch entry.kind {
        case .folder: return .folder(Selected(selection: below))
        case _ where below != nil: return .notMeant
        case .file: return .file
        case .linkedFolder: return .leftOut(.linkedFolder)
        case .special: return .fault(.notRegular)
        case .fault(let fault): return .fault(fault)
        }
    }

    private static let largestIgnoreFile = 1 << 20

    private static func rules(_ path: String) throws(FileFault) -> IgnoreRules? {
        switch FolderEntry.at(path) {
        case nil, .folder, .linkedFolder, .special: return nil
        case .file: break
        case .fault: throw .ignoreFileUnreadable
        }
        do {
            return IgnoreRules(String(decoding: try LocalFile.bytes(of: path, limit: largestIgnoreFile), as: UTF8.self))
        } catch {
            throw .ignoreFileUnreadable
        }
    }
}

/// What an import passes over by rule. It is counted and told, and is no failure.
enum LeftOut: String, Sendable, CaseIterable {
    case hidden
    case ignored
    case linkedFolder = "linked_folders"

    var phrase: String {
        switch self {
        case .hidden: "hidden"
        case .ignored: "by ignore files"
        case .linkedFolder: "links to folders"
        }
    }
}
