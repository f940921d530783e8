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
    public let path: String
    /// Its implementation.
    public let provider: Provider

    /// Looks the library up. Costs microseconds.
    public static func loaded() -> BLASRuntime {
        let path = resolvedPath(ofSymbol: "openblas_get_config") ?? resolvedPath(ofSymbol: "cblas_sgemm") ?? "unknown"
        return BLASRuntime(path: path, provider: openBLAS() ?? (path.contains("/blas/libblas.so") ? .reference : .other))
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

    /// The file mapped at the symbol's address. (dladdr, glibc's own answer, is not visible from Swift; and Foundation reads only the
    /// first page of a file under /proc.)
    private static func resolvedPath(ofSymbol name: String) -> String? {
        guard let symbol = dlsym(nil, name), let maps = fopen("/proc/self/maps", "r") else { return nil }
        defer { fclose(maps) }
        var line: UnsafeMutablePointer<CChar>?
        var capacity = 0
        defer { free(line) }
        while getline(&line, &capacity, maps) > 0, let text = line {
            if let path = path(inMapping: String(cString: text), at: UInt(bitPattern: symbol)) { return path }
        }
        return nil
    }

    /// The path in a line "start-end permissions offset device inode path" when the address lies in that mapping.
    private static func path(inMapping line: String, at address: UInt) -> String? {
        let fields = line.split(maxSplits: 5, omittingEmptySubsequences: true) { $0 == " " || $0 == "\n" }
        let bounds = fields.first?.split(separator: "-").compactMap { UInt($0, radix: 16) } ?? []
        guard fields.count == 6, bounds.count == 2, bounds[0] <= address, address < bounds[1] else { return nil }
        return String(fields[5].drop { $0 == " " }.prefix { $0 != "\n" })
    }
}
