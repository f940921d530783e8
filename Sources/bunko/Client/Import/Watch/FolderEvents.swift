import Glibc

/// The kernel's word on changes in folders (inotify), one folder at a time. Blocks; used by one thread.
struct FolderEvents: Sendable {
    struct Event: Sendable, Equatable {
        let folder: Int32
        let mask: UInt32
        /// Nil for an event of the folder itself.
        let name: String?

        func has(_ flag: Int) -> Bool { mask & UInt32(truncatingIfNeeded: flag) != 0 }

        var isOverflow: Bool { has(Int(IN_Q_OVERFLOW)) }
        var isFolder: Bool { has(Int(IN_ISDIR)) }
        /// The watch itself has ended.
        var isEnd: Bool { has(Int(IN_IGNORED)) }
        /// The watched folder is gone or elsewhere.
        var isLoss: Bool { has(Int(IN_DELETE_SELF) | Int(IN_MOVE_SELF) | Int(IN_UNMOUNT)) }
        var isArrival: Bool { has(Int(IN_CREATE) | Int(IN_MOVED_TO)) }
    }

    private static let wanted =
        [IN_CLOSE_WRITE, IN_MODIFY, IN_CREATE, IN_MOVED_TO, IN_MOVED_FROM, IN_DELETE, IN_DELETE_SELF, IN_MOVE_SELF]
        .reduce(UInt32(truncatingIfNeeded: Int(IN_ONLYDIR))) { $0 | UInt32($1) }

    private let descriptor: Int32

    /// - Throws: when the kernel gives no more of them.
    init() throws(FileFault) {
        descriptor = inotify_init1(Int32(IN_NONBLOCK) | Int32(IN_CLOEXEC))
        guard descriptor >= 0 else { throw Self.refused(errno) }
    }

    /// Ends all watches. Nothing may be asked of it afterwards.
    func close() { _ = Glibc.close(descriptor) }

    /// Watches a folder, and returns the number its events carry: the same one for the same folder.
    /// - Throws: when it is not there, may not be read, or the kernel watches no more.
    func watch(_ folder: String) throws(FileFault) -> Int32 {
        let watch = inotify_add_watch(descriptor, folder, Self.wanted)
        guard watch >= 0 else { throw errno == ENOSPC || errno == ENOMEM ? Self.refused(errno) : .system("watched", errno) }
        return watch
    }

    func unwatch(_ watch: Int32) { _ = inotify_rm_watch(descriptor, watch) }

    /// What has happened, waiting for it at most this long.
    func next(within milliseconds: Int32) throws(FileFault) -> [Event] {
        var ready = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        guard poll(&ready, 1, milliseconds) > 0 else { return [] }
        var bytes = [UInt8](repeating: 0, count: 1 << 16)
        let count = read(descriptor, &bytes, bytes.count)
        guard count > 0 else {
            guard count == 0 || errno == EAGAIN || errno == EINTR else { throw .system("watched", errno) }
            return []
        }
        return Self.events(in: bytes[..<count])
    }

    /// The records of `struct inotify_event`: watch, mask, cookie, length of the name, name with zeros behind it.
    static func events(in bytes: ArraySlice<UInt8>) -> [Event] {
        var events: [Event] = []
        var rest = bytes
        while rest.count >= 16 {
            let fields = rest.withUnsafeBytes { record in
                (0..<4).map { record.loadUnaligned(fromByteOffset: $0 * 4, as: UInt32.self) }
            }
            rest = rest.dropFirst(16)
            let name = rest.prefix(Int(fields[3])).prefix { $0 != 0 }
            rest = rest.dropFirst(Int(fields[3]))
            events.append(
                Event(
                    folder: Int32(bitPattern: fields[0]), mask: fields[1], name: name.isEmpty ? nil : String(decoding: name, as: UTF8.self))
            )
        }
        return events
    }

    private static func refused(_ error: Int32) -> FileFault {
        FileFault(
            code: "watches_exhausted", reason: "The kernel watches no more folders for this user: \(String(cString: strerror(error))).",
            remedy: "Raise fs.inotify.max_user_watches and fs.inotify.max_user_instances (sysctl), or leave folders out by .bunkoignore.")
    }
}
