import Foundation
import VectorDatasets

/// A folder of its own for one test.
final class TemporaryPlace: Sendable {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.appending(path: "bunko-bench-\(UUID().uuidString)").path(percentEncoded: false)
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }

    func write(_ values: [Float], rows: Int, _ name: String) throws {
        var writer = try VectorFileWriter(path: "\(path)/\(name)", rows: rows, dimensions: values.count / rows)
        try writer.append(values)
        _ = try writer.finish()
    }
}
