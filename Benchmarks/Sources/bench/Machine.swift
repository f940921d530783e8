import Foundation
import VectorIndex

/// What the figures were measured on.
struct Machine: Codable {
    let processor: String
    let cores: Int
    let blas: String
    /// Runnable tasks of the last minute when the run began: above 0 something else used the machine.
    let load: Double

    static var current: Machine {
        let runtime = BLASRuntime.loaded()
        let blas =
            switch runtime.provider {
            case .openBLAS(let configuration, let core, let threads):
                "\(configuration.split(separator: " ").prefix(2).joined(separator: " ")), \(core) kernels, \(threads) thread"
            case .reference: "reference BLAS"
            case .other: runtime.path
            }
        return Machine(processor: processorName, cores: ProcessInfo.processInfo.activeProcessorCount, blas: blas, load: load)
    }

    private static var processorName: String {
        let text = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
        let line = text.split(separator: "\n").first { $0.hasPrefix("model name") }
        return line?.split(separator: ":").last.map { $0.trimmingCharacters(in: .whitespaces) } ?? "unknown processor"
    }

    private static var load: Double {
        let text = (try? String(contentsOfFile: "/proc/loadavg", encoding: .utf8)) ?? ""
        return text.split(separator: " ").first.flatMap { Double($0) } ?? -1
    }
}
