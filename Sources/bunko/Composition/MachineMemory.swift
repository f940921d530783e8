import Foundation

/// How much memory this process may have.
enum MachineMemory {
    /// The machine's, or the least that a control group around the process has.
    static var bytes: Int {
        let machine = Int(clamping: ProcessInfo.processInfo.physicalMemory)
        return limits.reduce(machine, min)
    }

    /// What `/proc/self/cgroup` names, and all above it: `memory.max` of version 2, `memory.limit_in_bytes` of version 1.
    private static var limits: [Int] {
        // Absent where the kernel has no groups.
        guard let text = try? String(contentsOfFile: "/proc/self/cgroup", encoding: .utf8) else { return [] }
        return text.split(separator: "\n").flatMap { line -> [Int] in
            let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard parts.count == 3 else { return [] }
            if parts[1].isEmpty { return limits(below: "/sys/fs/cgroup", parts[2], file: "memory.max") }
            guard parts[1].split(separator: ",").contains("memory") else { return [] }
            return limits(below: "/sys/fs/cgroup/memory", parts[2], file: "memory.limit_in_bytes")
        }
    }

    private static func limits(below root: String, _ path: Substring, file: String) -> [Int] {
        let names = path.split(separator: "/")
        return (0...names.count).compactMap { depth in
            let folder = ([root] + names.prefix(depth).map(String.init)).joined(separator: "/")
            // A group without a limit has "max", or no such file; in a container the path may be another's.
            guard let text = try? String(contentsOfFile: "\(folder)/\(file)", encoding: .utf8) else { return nil }
            return Int(text.trimmingCharacters(in: .whitespacesAndNewlines))
        }
    }
}
