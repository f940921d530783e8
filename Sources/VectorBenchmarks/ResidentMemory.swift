import Foundation
import Synchronization

/// How much memory of its own the process holds while something runs. Mapped files, such as a data set, are not its own.
enum ResidentMemory {
    private static let period = 0.002

    /// Runs the work and returns by how many bytes the process' own memory was larger at its height than before. Looks every two milliseconds.
    static func peak<Result>(during work: () throws -> Result) rethrows -> (Result, bytes: Int) {
        let before = own
        let height = Mutex(before)
        let isOver = Mutex(false)
        let watched = DispatchSemaphore(value: 0)
        let watch: @Sendable () -> Void = {
            while !isOver.withLock(\.self) {
                let now = own
                height.withLock { $0 = max($0, now) }
                Thread.sleep(forTimeInterval: period)
            }
            watched.signal()
        }
        Thread(block: watch).start()
        defer {
            isOver.withLock { $0 = true }
            watched.wait()
        }
        let result = try work()
        let now = own
        return (result, height.withLock { max($0, now) } - before)
    }

    /// Resident pages less those of files.
    private static var own: Int {
        let text = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8)) ?? ""
        let pages = text.split(separator: " ").compactMap { Int($0) }
        return pages.count > 2 ? (pages[1] - pages[2]) * Int(sysconf(Int32(_SC_PAGESIZE))) : 0
    }
}
