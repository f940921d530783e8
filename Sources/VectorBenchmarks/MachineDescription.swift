import Foundation
import VectorIndex

/// What figures were measured on, in one line.
public enum MachineDescription {
    /// Processor, cores, BLAS, and the load when it is asked: above 0 something else uses the machine.
    public static func current() -> String {
        let memory = ProcessInfo.processInfo.physicalMemory >> 30
        let load = field(of: "/proc/loadavg").flatMap { $0.split(separator: " ").first }.map { ", load \($0) at the start" } ?? ""
        return "\(processor), \(ProcessInfo.processInfo.activeProcessorCount) cores, \(memory) GiB; \(blas)\(load)"
    }

    private static var blas: String {
        let runtime = BLASRuntime.loaded()
        switch runtime.provider {
        case .openBLAS(let configuration, let core, _):
            return "\(configuration.split(separator: " ").prefix(2).joined(separator: " ")) with \(core) kernels"
        case .reference: return "reference BLAS"
        case .other: return runtime.path
        }
    }

    private static var processor: String {
        let line = field(of: "/proc/cpuinfo")?.split(separator: "\n").first { $0.hasPrefix("model name") }
        return line?.split(separator: ":").last.map { $0.trimmingCharacters(in: .whitespaces) } ?? "unknown processor"
    }

    private static func field(of path: String) -> String? {
        try? String(contentsOfFile: path, encoding: .utf8)
    }
}
