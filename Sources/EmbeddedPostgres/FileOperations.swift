import Glibc

/// A failed system call on a file, before it is told in the operator's terms.
struct SystemFailure: Error {
    let call: String
    let path: String
    let code: Int32

    /// Takes the calling thread's `errno`: to be made right after the call.
    init(_ call: String, _ path: String) {
        self.call = call
        self.path = path
        code = errno
    }

    var reason: String { String(cString: strerror(code)) }

    /// The same failure as an error about the data folder, with the remedy that fits the cause.
    var asFolderError: EmbeddedPostgresError {
        let remedy =
            switch code {
            case ENOSPC, EDQUOT: "free some space on this disk or choose another data folder"
            case EROFS: "mount this file system writable or choose another data folder"
            case EACCES, EPERM: "give the user who starts bunko the right to write there or choose another data folder"
            case ENOTDIR, EEXIST: "a file stands where a folder is needed: move it away or choose another data folder"
            default: "check this path and its file system or choose another data folder"
            }
        return EmbeddedPostgresError(.folderUnusable, "\(call) failed: \(reason).", at: path, remedy: remedy)
    }
}

/// Who owns a path and what it is; symbolic links are not followed.
struct FileFacts {
    let owner: uid_t
    let group: gid_t
    let mode: mode_t

    init?(path: String) {
        var facts = stat()
        guard lstat(path, &facts) == 0 else { return nil }
        self.init(facts)
    }

    init(_ facts: stat) {
        owner = facts.st_uid
        group = facts.st_gid
        mode = facts.st_mode
    }

    var isDirectory: Bool { mode & S_IFMT == S_IFDIR }
    var isSocket: Bool { mode & S_IFMT == S_IFSOCK }
}

/// The whole file, or nil when it cannot be read.
func contents(ofFile path: String) -> [UInt8]? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    return readToEnd(descriptor)
}

/// The whole file as text (invalid UTF-8 replaced), or nil when it cannot be read.
func text(ofFile path: String) -> String? {
    contents(ofFile: path).map { String(decoding: $0, as: UTF8.self) }
}

/// Everything up to the end of the descriptor; nil on a read error.
func readToEnd(_ descriptor: Int32) -> [UInt8]? {
    var bytes: [UInt8] = []
    var block = [UInt8](repeating: 0, count: 16_384)
    while true {
        let count = read(descriptor, &block, block.count)
        if count > 0 {
            bytes.append(contentsOf: block[..<count])
        } else if count == 0 {
            return bytes
        } else if errno != EINTR {
            return nil
        }
    }
}

/// The names in a folder without `.` and `..`, sorted; empty when it cannot be read.
func names(inDirectory path: String) -> [String] {
    guard let stream = opendir(path) else { return [] }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
        let name = withUnsafePointer(to: &entry.pointee.d_name) { tuple in
            tuple.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
        }
        if name != "." && name != ".." { names.append(name) }
    }
    return names.sorted()
}

/// Makes the folder and its missing parents, with this mode whatever the umask.
func makeDirectories(_ path: String, mode: mode_t) throws(SystemFailure) {
    if let parent = parentDirectory(of: path), access(parent, F_OK) != 0 { try makeDirectories(parent, mode: mode) }
    guard mkdir(path, mode) == 0 else {
        if errno == EEXIST { return }
        throw SystemFailure("Creating the folder", path)
    }
    if chmod(path, mode) != 0 { throw SystemFailure("Setting the mode of", path) }
}

/// The folder that holds an absolute path; nil for the root.
func parentDirectory(of path: String) -> String? {
    guard path != "/", let slash = path.lastIndex(of: "/") else { return nil }
    return slash == path.startIndex ? "/" : String(path[..<slash])
}

/// The absolute path without symbolic links.
func canonicalPath(_ path: String) throws(SystemFailure) -> String {
    guard let resolved = realpath(path, nil) else { throw SystemFailure("Resolving the path", path) }
    defer { free(resolved) }
    return String(cString: resolved)
}

/// Replaces or creates a file so that a reader, and a machine that lost power, sees the old or the new content in whole.
///
/// The temporary name is opened exclusively and never follows a link, so that the owner of the folder cannot lead root astray.
func writeAtomically(_ content: String, to path: String, mode: mode_t, owner: ServerAccount? = nil) throws(SystemFailure) {
    let temporary = "\(path).tmp-\(getpid())"
    unlink(temporary)
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode)
    guard descriptor >= 0 else { throw SystemFailure("Creating the file", temporary) }
    do throws(SystemFailure) {
        defer { close(descriptor) }
        try writeAll(content, to: descriptor, path: temporary)
        if let owner, geteuid() == 0, fchown(descriptor, owner.uid, owner.gid) != 0 { throw SystemFailure("Changing the owner", temporary) }
        if fchmod(descriptor, mode) != 0 || fsync(descriptor) != 0 { throw SystemFailure("Writing the file", temporary) }
    } catch {
        unlink(temporary)
        throw error
    }
    guard rename(temporary, path) == 0 else { throw SystemFailure("Renaming to the file", path) }
    try synchronizeDirectory(parentDirectory(of: path) ?? "/")
}

private func writeAll(_ content: String, to descriptor: Int32, path: String) throws(SystemFailure) {
    let bytes = Array(content.utf8)
    var written = 0
    while written < bytes.count {
        let count = bytes[written...].withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
        if count < 0 && errno != EINTR { throw SystemFailure("Writing the file", path) }
        written += max(count, 0)
    }
}

/// Makes renames and new names in the folder survive a loss of power.
func synchronizeDirectory(_ path: String) throws(SystemFailure) {
    let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw SystemFailure("Opening the folder", path) }
    defer { close(descriptor) }
    if fsync(descriptor) != 0 { throw SystemFailure("Writing the folder", path) }
}
