import Domain

/// What `--sync` would remove: files of the knowledge that are gone from the folders.
///
/// Nothing is removed that might still be there: only what stands below the given roots, only when everything below them could be
/// read, and not below a root without any file, which may be a disk that is not mounted.
struct RemovalPlan {
    let removable: [(path: ExactPath, file: Inventory.Standing)]
    /// How many seem gone and are kept.
    let kept: Int
    /// Roots that are not obeyed, as lines of the report.
    let refused: [ImportReport.File]

    init(_ options: ImportOptions, inventory: Inventory, ledger: ImportLedger) {
        let roots = options.roots
        let gone = inventory.files { path in !ledger.hasFound(path) && roots.contains { $0.covers(path) } }
        guard ledger.isComplete else {
            (removable, kept, refused) = ([], gone.count, [])
            return
        }
        let empty = roots.indices.filter { ledger.filesFound(root: $0) == 0 && !options.allowEmpty }
        refused = empty.compactMap { index in
            let count = gone.count { roots[index].covers($0.path) }
            return count == 0 ? nil : ImportReport.File(path: roots[index].given, .emptyRoot(holding: count))
        }
        removable = gone.filter { entry in !empty.contains { roots[$0].covers(entry.path) } }
        kept = 0
    }
}

/// Removes from the knowledge what is gone, as the last thing an import with `--sync` does.
struct Removal: Sendable {
    let pass: ImportPass
    let ledger: ImportLedger

    func run() async throws {
        let plan = RemovalPlan(pass.options, inventory: pass.inventory, ledger: ledger)
        ledger.keep(plan.kept)
        for file in plan.refused { ledger.remove(file) }
        for (path, file) in plan.removable { ledger.remove(try await pass.remove(path, file)) }
    }
}

extension ImportPass {
    /// Removes one file from the knowledge; one that somebody else removed is removed all the same.
    /// - Throws: when the server is gone or the key is refused.
    func remove(_ path: ExactPath, _ file: Inventory.Standing) async throws -> ImportReport.File {
        do {
            let _: DeletionAnswer = try await patience { try await client.delete(APIClient.path("files", file.id)) }
        } catch let failure as APIClient.Failure where failure.status == 404 {
            // That is what was wanted.
        } catch let failure as APIClient.Failure where ![401, 403].contains(failure.status) {
            return ImportReport.File(path: path.text, failed: failure.code, failure.detail, remedy: failure.remedy)
        }
        inventory[path] = nil
        return ImportReport.File(path: path.text, state: .removed, chunks: file.chunks)
    }
}

extension FileFault {
    /// A folder without files, below which the knowledge has some.
    static func emptyRoot(holding count: Int) -> FileFault {
        FileFault(
            code: "root_empty", reason: "No file was found here, and the knowledge holds \(count) from here; they were not removed.",
            remedy: "Check that the disk is mounted. If the folder is meant to be empty, run again with --allow-empty.")
    }
}
