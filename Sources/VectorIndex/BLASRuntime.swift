import FoundationEssentials
import Glibc

/// The BLAS library this process has loaded, which the system chooses among its installed ones when the process starts.
public struct BLASRuntime: Sendable, Equatable {
    /// Which implementation it is.
    public enum Provider: Sendable, Equatable {
        /// OpenBLAS: its build configuration, the core type whose kernels it picked, and its number of threads.
        case openBLAS(configuration: String, core: String, threads: Int)
        /// Netlib's reference implementation: correct, and ten times slower or more.
        case reference
        /// Another one, known by its path only.
        case other
    }

    /// File the functions come from, with symbolic links resolved.
    public let libraryPath: String
    /// Its implementation.
    public let provider: Provider

    /// Looks the library up. Costs microseconds.
    public static func loaded() -> BLASRuntime {
        let path = resolvedPath(ofSymbol: "openblas_get_config") ?? resolvedPath(ofSymbol: "cblas_sgemm") ?? "unknown"
        return BLASRuntime(libraryPath: path, provider: openBLAS() ?? (path.contains("/blas/libblas.so") ? .reference : .other))
    }

    /// Makes OpenBLAS compute on the calling thread only, for the whole process: searches run in parallel already, and nested threads
    /// would fight over the cores. False when the library has no such switch.
    @discardableResult
    public static func useOneThread() -> Bool {
        guard let setThreads = function("openblas_set_num_threads", as: (@convention(c) (Int32) -> Void).self) else { return false }
        setThreads(1)
        return true
    }

    private static func openBLAS() -> Provider? {
        typealias Text = @convention(c) () -> UnsafePointer<CChar>?
        typealias Number = @convention(c) () -> Int32
        guard let configuration = function("openblas_get_config", as: Text.self)?() else { return nil }
        let core = function("openblas_get_corename", as: Text.self)?()
        let threads = function("openblas_get_num_threads", as: Number.self)?() ?? 1
        return .openBLAS(
            configuration: String(cString: configuration), core: core.map { String(cString: $0) } ?? "unknown", threads: Int(threads))
    }

    private static func function<Function>(_ name: String, as type: Function.Type) -> Function? {
        dlsym(nil, name).map { unsafeBitCast($0, to: type) }
    }

    /// The file that maps the symbol's address: glibc's own answer, dladdr, is not visible from Swift.
    private static func resolvedPath(ofSymbol name: String) -> String? {
        guard let symbol = dlsym(nil, name), let maps = try? String(contentsOfFile: "/proc/self/maps", encoding: .utf8) else { return nil }
        let address = UInt(bitPattern: symbol)
        for line in maps.split(separator: "\n") {
            let fields = line.split(separator: " ", omittingEmptySubsequences: true)
            let bounds = fields[0].split(separator: "-").compactMap { UInt($0, radix: 16) }
            guard bounds.count == 2, bounds[0] <= address, address < bounds[1], fields.count > 5 else { continue }
            return fields[5...].joined(separator: " ")
        }
        return nil
    }
}
