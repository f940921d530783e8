import Foundation

/// Runs a piece of work for each set of cores at the same time, on threads of their own that are bound to them, and returns the results
/// in order. Threads that the work begins inherit its cores. The caller is suspended meanwhile.
func onCores<R: Sendable>(_ sets: [[Int]], _ work: @escaping @Sendable (Int) throws -> R) async throws -> [R] {
    try await withThrowingTaskGroup(of: (Int, R).self) { tasks in
        for (number, cores) in sets.enumerated() {
            tasks.addTask {
                (
                    number,
                    try await withCheckedThrowingContinuation { continuation in
                        let thread = Thread {
                            bindThread(to: cores)
                            let result = Result { try work(number) }
                            // Resuming may begin a thread of the pool, which inherits the cores of this one.
                            bindThread(to: availableCores())
                            continuation.resume(with: result)
                        }
                        thread.stackSize = 8 << 20
                        thread.start()
                    }
                )
            }
        }
        var results: [Int: R] = [:]
        for try await (number, result) in tasks { results[number] = result }
        return sets.indices.compactMap { results[$0] }
    }
}

/// Cores the process may use, ascending: those of its first thread, which nobody binds.
func availableCores() -> [Int] {
    cores(ofThread: getpid())
}

/// Cores a thread may use, ascending; 0 is the calling one.
func cores(ofThread thread: pid_t) -> [Int] {
    var bits = [UInt8](repeating: 0, count: affinityBytes)
    guard let get = affinityFunction("sched_getaffinity"), get(thread, bits.count, &bits) == 0 else { return [0] }
    return (0..<bits.count * 8).filter { bits[$0 / 8] & (1 << UInt8($0 % 8)) != 0 }
}

/// Without the right to do so the thread stays where the system puts it: the figures are worse, not wrong.
private func bindThread(to cores: [Int]) {
    var bits = [UInt8](repeating: 0, count: affinityBytes)
    for core in cores { bits[core / 8] |= 1 << UInt8(core % 8) }
    _ = affinityFunction("sched_setaffinity")?(0, bits.count, &bits)
}

/// One bit for each core, as glibc's `cpu_set_t` has them.
private let affinityBytes = 128

/// These functions are the system's own, but not visible from Swift.
private func affinityFunction(_ name: String) -> (@convention(c) (pid_t, Int, UnsafeMutableRawPointer) -> Int32)? {
    dlsym(nil, name).map { unsafeBitCast($0, to: (@convention(c) (pid_t, Int, UnsafeMutableRawPointer) -> Int32).self) }
}
