import Foundation

/// How far the generation of a set is.
public enum GenerationStep: Sendable {
    /// Rows of the base are written.
    case rows
    /// Rows times queries are compared for the exact neighbours.
    case truth
}

extension DatasetFolder {
    /// Whether `generate` had anything to do.
    public enum Generated: Sendable {
        case made(DatasetManifest)
        case alreadyThere(DatasetManifest)
    }

    /// Rows that are computed and written together.
    private static let rowsPerBlock = 4096

    /// Generates the recipe's set into this folder. Memory: a few blocks of 25 MB; of the rows only what the system keeps of the file.
    ///
    /// The folder appears whole or not at all: everything is written beside it and renamed at the end. A folder that holds the same set
    /// already is left as it is. `progress` is told how much of how much of a step is newly done.
    /// - Throws: `DatasetError`; `occupied` when the folder holds anything else; `CancellationError`.
    public func generate(
        _ recipe: DatasetManifest.Recipe, threads: Int, progress: @escaping @Sendable (GenerationStep, _ done: Int, _ total: Int) -> Void
    ) async throws -> Generated {
        if let manifest = try alreadyThere(recipe) { return .alreadyThere(manifest) }
        guard let preset = EmbeddingPreset(named: recipe.preset) else { throw DatasetError.unknownPreset(recipe.preset) }
        let set = try SyntheticEmbeddings(preset: preset, rows: recipe.rows, seed: recipe.seed)
        let draft = DatasetFolder(path: "\(path).partial-\(ProcessInfo.processInfo.processIdentifier)")
        try draft.create()
        do {
            let checksum = try await draft.writeRows(of: set, threads) { progress(.rows, $0, recipe.rows) }
            try draft.writeTenants(of: set)
            try await draft.writeQueries(of: set, recipe, threads) { progress(.truth, $0, recipe.rows * recipe.queries) }
            let manifest = DatasetManifest(recipe: recipe, dimensions: SyntheticEmbeddings.dimensions, baseSHA256: checksum)
            try manifest.write(draft.file(Self.manifest))
            try draft.take(name: path)
            return .made(manifest)
        } catch {
            // What is left behind when even this fails says by its name what it is.
            try? FileManager.default.removeItem(atPath: draft.path)
            throw error
        }
    }

    /// The manifest when the recipe's set stands here with files of the right lengths; nil when nothing stands here.
    private func alreadyThere(_ recipe: DatasetManifest.Recipe) throws(DatasetError) -> DatasetManifest? {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else { return nil }
        guard isFolder.boolValue else { throw .occupied(path: path, what: "is a file") }
        if (try? FileManager.default.contentsOfDirectory(atPath: path).isEmpty) == true { return nil }
        guard let manifest = try manifest() else { throw .occupied(path: path, what: "holds files that are no generated data set") }
        guard manifest.recipe == recipe else {
            let found = manifest.recipe
            throw .occupied(
                path: path,
                what:
                    "holds another data set (\(found.preset), \(found.rows) rows, \(found.queries) queries, seed \(found.seed), k \(found.k))"
            )
        }
        let base = try base()
        let queries = try queries(for: base)
        let truth = try truth(base: base, queries: queries)
        guard base.rows == recipe.rows, queries.rows == recipe.queries, truth.k == min(recipe.k, recipe.rows) else {
            throw .occupied(path: path, what: "holds files that do not fit its manifest")
        }
        return manifest
    }

    private func create() throws(DatasetError) {
        do {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        } catch {
            throw .unwritable(path: path, reason: MappedFile.reason(error))
        }
    }

    private func take(name: String) throws(DatasetError) {
        // The system puts a folder in the place of an empty one, and of nothing else.
        guard rename(path, name) == 0 else { throw .unwritable(path: name, reason: String(cString: strerror(errno))) }
    }

    private func writeRows(of set: SyntheticEmbeddings, _ threads: Int, _ progress: @escaping (Int) -> Void) async throws -> String {
        var writer = try VectorFileWriter(path: file("base.fbin"), rows: set.rows, dimensions: SyntheticEmbeddings.dimensions)
        try await inOrder(0..<set.rows, blockSize: Self.rowsPerBlock, threads: threads) {
            set.rows($0)
        } take: { block in
            try writer.append(block)
            progress(block.count / SyntheticEmbeddings.dimensions)
        }
        return try writer.finish()
    }

    private func writeTenants(of set: SyntheticEmbeddings) throws {
        let output = try OutputFile(path: file("tenant.u32"))
        for start in stride(from: 0, to: set.rows, by: 1 << 16) {
            try output.write(set.tenants(start..<min(start + 1 << 16, set.rows)))
        }
        try output.close()
    }

    private func writeQueries(
        of set: SyntheticEmbeddings, _ recipe: DatasetManifest.Recipe, _ threads: Int, _ progress: @escaping @Sendable (Int) -> Void
    ) async throws {
        var writer = try VectorFileWriter(path: file("query.fbin"), rows: recipe.queries, dimensions: SyntheticEmbeddings.dimensions)
        try await inOrder(0..<recipe.queries, blockSize: Self.rowsPerBlock, threads: threads) {
            set.queries($0)
        } take: {
            try writer.append($0)
        }
        _ = try writer.finish()
        let base = try base()
        let neighbors = try await ExactNeighbors.find(
            base: base, queries: try queries(for: base), k: recipe.k, threads: threads, progress: progress)
        try neighbors.write(to: file("gt.ibin"))
    }
}
