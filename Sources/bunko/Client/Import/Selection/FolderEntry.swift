import Glibc

/// A name in a folder and what stands behind it. Nothing is opened to find out.
struct FolderEntry: Sendable, Equatable {
    enum Kind: Sendable, Equatable {
        case file
        case folder
        /// A link to a folder, which is not followed: it may lead back up.
        case linkedFolder
        /// A pipe, a socket or a device.
        case special
        case fault(FileFault)
    }

    let name: String
    let kind: Kind

    /// The entries of a folder, sorted by the bytes of their names. Memory and time in proportion to the names of this one folder.
    static func all(of folder: String) throws(FileFault) -> [FolderEntry] {
        guard let listing = opendir(folder) else { throw .system("listed", errno) }
        defer { closedir(listing) }
        var entries: [FolderEntry] = []
        while true {
            errno = 0
            guard let entry = readdir(listing) else {
                guard errno == 0 else { throw .system("listed", errno) }
                return entries.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
            }
            let type = entry.pointee.d_type
            let (name, isWhole) = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { (String(cString: $0), String(validatingCString: $0) != nil) }
            }
            if name == "." || name == ".." { continue }
            entries.append(FolderEntry(name: name, kind: isWhole ? kind(type, ExactPath.joined(folder, name)) : .fault(.nameNotUTF8)))
        }
    }

    /// What stands at a path; nil for nothing.
    static func at(_ path: String) -> Kind? {
        var status = stat()
        guard lstat(path, &status) == 0 else { return errno == ENOENT || errno == ENOTDIR ? nil : .fault(.system("examined", errno)) }
        return kind(status.st_mode, path)
    }

    private static func kind(_ type: UInt8, _ path: String) -> Kind {
        switch Int32(type) {
        case Int32(DT_REG): .file
        case Int32(DT_DIR): .folder
        case Int32(DT_LNK), Int32(DT_UNKNOWN): at(path) ?? .fault(.system("examined", ENOENT))
        default: .special
        }
    }

    private static func kind(_ mode: mode_t, _ path: String) -> Kind {
        switch mode & S_IFMT {
        case S_IFREG: .file
        case S_IFDIR: .folder
        case S_IFLNK: behindLink(path)
        default: .special
        }
    }

    private static func behindLink(_ path: String) -> Kind {
        var status = stat()
        guard stat(path, &status) == 0 else {
            return .fault([ENOENT, ENOTDIR, ELOOP].contains(errno) ? .brokenLink : .system("examined", errno))
        }
        switch status.st_mode & S_IFMT {
        case S_IFREG: return .file
        case S_IFDIR: return .linkedFolder
        default: return .special
        }
    }
}
