import Glibc

/// One of the paths an import was given.
struct ImportRoot: Sendable, Equatable {
    enum Kind: Sendable, Equatable {
        case file
        case folder
        case glob(GlobPattern)
        case fault(FileFault)
    }

    /// From the file system's root; for a glob the folder it begins in.
    let path: String
    /// As it was given, for messages.
    let given: String
    let kind: Kind

    /// Looks at the file system; call it off the cooperative pool. What exists under the very name is no glob.
    init(_ given: String) {
        self.given = given
        let whole = ExactPath.absolute(given)
        var status = stat()
        let failure = stat(whole, &status) == 0 ? 0 : errno
        if failure == 0 {
            path = whole
            kind =
                switch status.st_mode & S_IFMT {
                case S_IFDIR: .folder
                case S_IFREG: .file
                default: .fault(.notRegular)
                }
        } else if failure == ENOENT, let glob = GlobPattern(given) {
            path = ExactPath.absolute(glob.base)
            kind = FolderEntry.at(path) == nil ? .fault(.noMatch) : .glob(glob)
        } else {
            path = whole
            kind = .fault(failure == ENOENT || failure == ENOTDIR ? .missing : .system("examined", failure))
        }
    }

    init(path: String, given: String, kind: Kind) {
        self.path = path
        self.given = given
        self.kind = kind
    }

    /// Whether a path is one this root stands for, whatever the ignore files say; of a root that is missing, everything below it.
    func covers(_ path: ExactPath) -> Bool {
        switch kind {
        case .file: path == ExactPath(self.path)
        case .folder: path.names(below: self.path) != nil
        case .glob(let pattern): path.names(below: self.path).map(pattern.selects) ?? false
        case .fault: path == ExactPath(self.path) || path.names(below: self.path) != nil
        }
    }
}
