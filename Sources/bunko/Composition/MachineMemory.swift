import Foundation

/// How much memory this process may have.
enum MachineMemory {
    /// The machine's, or the control group's when that has less.
    static var bytes: Int {
        let machine = Int(clamping: ProcessInfo.processInfo.physicalMemory)
        // Absent outside of a group, and "max" without a limit.
        guard let text = try? String(contentsOfFile: "/sys/fs/cgroup/memory.max", encoding: .utf8),
            let limit = Int(text.trimmingCharacters(in: .whitespacesAndNewlines))
        else { return machine }
        return min(machine, limit)
    }
}
