import Foundation

/// A folder with `base.fbin`, `query.fbin` and `gt.ibin`; a generated one has `tenant.u32` and `dataset.json` too.
public struct DatasetFolder: Sendable {
    /// Where it is.
    public let path: String

    /// The folder at a path, which need not exist yet.
    public init(path: String) {
        self.path = path
    }

    /// Path of a file in it.
    public func file(_ name: String) -> String {
        "\(path)/\(name)"
    }

    /// What it was generated from; nil when it was not generated.
    public func manifest() throws(DatasetError) -> DatasetManifest? {
        guard FileManager.default.fileExists(atPath: file(Self.manifest)) else { return nil }
        return try DatasetManifest.read(file(Self.manifest))
    }

    /// The rows to be searched: `base.fbin` or `base.fvecs`.
    public func base() throws(DatasetError) -> VectorMatrix {
        try VectorMatrix(path: existing("base", ["fbin", "fvecs"]))
    }

    /// The queries: `query.fbin` or `query.fvecs`, of as many values as the base.
    public func queries(for base: VectorMatrix) throws(DatasetError) -> VectorMatrix {
        let queries = try VectorMatrix(path: existing("query", ["fbin", "fvecs"]))
        guard queries.dimensions == base.dimensions else {
            throw .mismatch(path: queries.path, what: "queries of \(queries.dimensions) values for a base of \(base.dimensions)")
        }
        return queries
    }

    /// The exact neighbours: `gt.ibin` or `gt.ivecs`, for as many queries, of rows of the base.
    public func truth(base: VectorMatrix, queries: VectorMatrix) throws(DatasetError) -> NeighborTable {
        let path = existing("gt", ["ibin", "ivecs"])
        let table = try NeighborTable(path: path, rows: base.rows)
        guard table.queries == queries.rows else {
            throw .mismatch(path: path, what: "neighbours of \(table.queries) queries for \(queries.rows) queries")
        }
        return table
    }

    /// The first of these endings for which there is a file, else the first.
    private func existing(_ name: String, _ endings: [String]) -> String {
        let found = endings.first { FileManager.default.fileExists(atPath: file("\(name).\($0)")) }
        return file("\(name).\(found ?? endings[0])")
    }

    static let manifest = "dataset.json"
}
