import Glibc

/// A program of the system that runs beside this process while what it prints is read.
///
/// It inherits this process's limits, its standard input and nothing else that is open; its environment is fixed, its signals are at
/// their defaults. A value of this class that goes away ends the program.
final class ChildProgram {
    private var process: pid_t
    /// The end of its standard output to read from; -1 once given away.
    private var output: Int32
    private var errors: Int32
    private(set) var messages = ProgramMessages()

    /// - Parameters:
    ///   - arguments: the program's absolute path and its arguments.
    ///   - input: what it reads as standard input; this process's own when nil.
    init(_ arguments: [String], input: Int32? = nil) throws(ExtractionError) {
        let output = try Self.connection()
        let errors: Connection
        do throws(ExtractionError) {
            errors = try Self.connection()
        } catch {
            output.close()
            throw error
        }
        defer {
            close(output.theirs)
            close(errors.theirs)
        }
        let (process, code) = Self.spawn(arguments, input: input, output: output.theirs, errors: errors.theirs)
        guard code == 0 else {
            close(output.ours)
            close(errors.ours)
            throw ProgramLimits.cannotStart(code)
        }
        (self.process, self.output, self.errors) = (process, output.ours, errors.ours)
    }

    deinit {
        if process > 0 { kill(process, SIGKILL) }
        _ = finish()
    }

    /// Its standard output as another program's input. The caller closes it.
    func takeOutput() -> Int32 {
        defer { output = -1 }
        return output
    }

    /// Waits for what it prints next and keeps what it says on standard error meanwhile, so that neither stream stalls the other.
    /// - Returns: how many bytes were read; 0 at the end.
    func read(into buffer: UnsafeMutableRawBufferPointer) -> Int {
        while output >= 0 {
            var streams = [pollfd(fd: output, events: Int16(POLLIN), revents: 0), pollfd(fd: errors, events: Int16(POLLIN), revents: 0)]
            guard poll(&streams, 2, -1) > 0 else { continue }
            if streams[1].revents != 0 { readErrors() }
            guard streams[0].revents != 0 else { continue }
            let count = Glibc.read(output, buffer.baseAddress, buffer.count)
            if count >= 0 { return count }
            if errno != EINTR { return 0 }
        }
        return 0
    }

    /// Everything it prints.
    /// - Throws: `overLimit` for more than `limit` bytes.
    func readAll(limit: Int) throws(ExtractionError) -> [UInt8] {
        var bytes: [UInt8] = []
        var block = [UInt8](repeating: 0, count: 65_536)
        while bytes.count < limit {
            let count = block.withUnsafeMutableBytes { read(into: $0) }
            if count == 0 { return bytes }
            bytes.append(contentsOf: block[..<count])
        }
        throw .overLimit(resource: "\(limit >> 20) MiB of output of a program that reads it")
    }

    /// Stops reading and waits for its end. A program that still prints is ended by that.
    func finish() -> ProgramEnding {
        if output >= 0 { close(output) }
        output = -1
        while errors >= 0 { readErrors() }
        var status: Int32 = 0
        guard process > 0 else { return ProgramEnding(status: 0) }
        while waitpid(process, &status, 0) < 0 && errno == EINTR {}
        process = 0
        return ProgramEnding(status: status)
    }

    private func readErrors() {
        var block = [UInt8](repeating: 0, count: 4096)
        let count = Glibc.read(errors, &block, block.count)
        if count > 0 {
            messages.append(block[..<count])
        } else if count == 0 || errno != EINTR {
            close(errors)
            errors = -1
        }
    }
}

// MARK: - Starting

extension ChildProgram {
    private struct Connection {
        let ours: Int32
        let theirs: Int32

        func close() {
            Glibc.close(ours)
            Glibc.close(theirs)
        }
    }

    /// A socket pair, since pipe2 is not visible in Swift and a pipe without close-on-exec could leak into another child.
    private static func connection() throws(ExtractionError) -> Connection {
        var ends: [Int32] = [0, 0]
        guard socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0, &ends) == 0 else {
            throw ProgramLimits.cannotStart(errno)
        }
        return Connection(ours: ends[0], theirs: ends[1])
    }

    private static let environment = ["PATH=/usr/local/bin:/usr/bin:/bin", "LC_ALL=C.UTF-8", "TZ=UTC", "OMP_THREAD_LIMIT=1"]

    private static func spawn(_ arguments: [String], input: Int32?, output: Int32, errors: Int32) -> (pid_t, Int32) {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        if let input { posix_spawn_file_actions_adddup2(&actions, input, 0) }
        posix_spawn_file_actions_adddup2(&actions, output, 1)
        posix_spawn_file_actions_adddup2(&actions, errors, 2)
        for descriptor in openDescriptors() { posix_spawn_file_actions_addclose(&actions, descriptor) }
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        setSignals(&attributes)
        var process: pid_t = 0
        let path = arguments.first ?? ""
        let code = withCStrings(arguments) { arguments in
            withCStrings(environment) { posix_spawn(&process, path, &actions, &attributes, arguments, $0) }
        }
        return (process, code)
    }

    private static func setSignals(_ attributes: inout posix_spawnattr_t) {
        var none = sigset_t()
        sigemptyset(&none)
        var all = sigset_t()
        sigfillset(&all)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK) | Int16(POSIX_SPAWN_SETSIGDEF))
    }

    /// What this process has open beyond the standard three: a program that reads hostile bytes gets none of it.
    private static func openDescriptors() -> [Int32] {
        guard let folder = opendir("/proc/self/fd") else { return [] }
        defer { closedir(folder) }
        var descriptors: [Int32] = []
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { tuple in
                tuple.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if let descriptor = Int32(name), descriptor > 2 { descriptors.append(descriptor) }
        }
        return descriptors
    }

    private static func withCStrings<R>(_ strings: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> R) -> R {
        let copies: [UnsafeMutablePointer<CChar>?] = strings.map { strdup($0) } + [nil]
        defer { for copy in copies { free(copy) } }
        return body(copies)
    }
}
