import Foundation
import Glibc

/// What the machine itself offers the service.
public enum MachineChecks {
    private static let gibibyte = 1_073_741_824.0

    /// Free space where the data folder is or will be: 1 GiB is the least, 5 GiB is comfortable.
    public static func disk(at directory: String) -> Finding {
        var statistics = statvfs()
        guard let existing = nearestExisting(directory), statvfs(existing, &statistics) == 0 else {
            return Finding(
                "disk", .failure, "The disk of \(directory) cannot be examined.", remedy: "Choose another data folder with --data.")
        }
        let free = Double(statistics.f_bavail) * Double(statistics.f_frsize) / gibibyte
        let detail = "\(rounded(free)) GiB free for \(directory)"
        if free < 1 { return Finding("disk", .failure, detail, remedy: "Free some space, or choose another data folder with --data.") }
        if free < 5 { return Finding("disk", .warning, detail, remedy: "Plan for 5 GiB and more.") }
        return Finding("disk", .ok, detail)
    }

    /// Memory the system can still give: an index row takes about 6 KiB.
    public static func memory() -> Finding {
        // FileManager reads only the first page of files under /proc, which holds the line that is wanted.
        guard let text = try? String(contentsOfFile: "/proc/meminfo", encoding: .utf8),
            let line = text.split(separator: "\n").first(where: { $0.hasPrefix("MemAvailable:") }),
            let kibibytes = line.split(separator: " ").dropFirst().first.flatMap({ Double($0) })
        else { return Finding("memory", .warning, "The system does not tell how much memory is free.") }
        let free = kibibytes * 1_024 / gibibyte
        let rows = Int(free * 0.5 * gibibyte / 6_144 / 1_000) * 1_000
        let detail = "\(rounded(free)) GiB available, enough for about \(rows) passages in the index"
        return free < 1
            ? Finding("memory", .warning, detail, remedy: "Give the machine more memory for larger collections.")
            : Finding("memory", .ok, detail)
    }

    /// Whether this process may write where the data folder is or will be.
    public static func dataFolder(_ directory: String) -> Finding {
        guard let existing = nearestExisting(directory), access(existing, W_OK | X_OK) == 0 else {
            return Finding(
                "data folder", .failure, "\(directory) cannot be written by this user.",
                remedy: "Choose another with --data, or mend its permissions.")
        }
        return Finding("data folder", .ok, existing == directory ? directory : "\(directory) (will be made)")
    }

    private static func nearestExisting(_ path: String) -> String? {
        var candidate = path
        while !candidate.isEmpty, candidate != "/" {
            if access(candidate, F_OK) == 0 { return candidate }
            candidate = (candidate as NSString).deletingLastPathComponent
        }
        return "/"
    }

    private static func rounded(_ value: Double) -> String {
        value.formatted(.number.precision(.fractionLength(1)))
    }
}
