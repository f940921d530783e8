import Foundation
import TestSupport
import Testing

/// The page of both designs' objects with the check that misses each, as docs/data-model.md keeps it.
struct SchemaTable {
    private var rows: [String: [String]] = [:]
    private var kinds: [String] = []

    /// Adds an object that was dropped and missed.
    mutating func add(_ check: SchemaContract.Check, turnsRed failure: String) {
        if rows[check.object.kind] == nil { kinds.append(check.object.kind) }
        let definition = check.definition.replacing("|", with: "\\|")
        rows[check.object.kind, default: []].append("| `\(check.object.name)` | \(definition) | \(check.design) | \(failure) |")
    }

    /// Writes the page where `BUNKO_WRITE_SCHEMA_TABLE` says, and otherwise expects the kept one to be the same.
    func keep() throws {
        if let path = ProcessInfo.processInfo.environment["BUNKO_WRITE_SCHEMA_TABLE"] {
            try text.write(toFile: path, atomically: true, encoding: .utf8)
        } else {
            let kept = try String(contentsOfFile: "\(Self.root)/docs/data-model.md", encoding: .utf8)
            let (old, new) = (kept.split(separator: "\n").map(String.init), text.split(separator: "\n").map(String.init))
            let difference = new.difference(from: old).map { "\($0)" }
            #expect(difference.isEmpty, "docs/data-model.md is not up to date: run scripts/write-schema-table.sh")
        }
        let tests = try Self.testNames()
        for operation in SchemaContract.operations {
            #expect(tests.contains(operation.test), "no test is named «\(operation.test)», which is to cover «\(operation.name)»")
        }
    }

    private var text: String {
        var lines = [
            "# Data model: every object, and what misses it",
            "",
            "Written by `scripts/write-schema-table.sh` from the live catalogue; do not edit. `SchemaContractTests` drops each object on a copy of the",
            "database and expects its check to turn red with the message in the last column. Design: `secretary`, `avatar`, `both`, or `decision`",
            "(neither design's own: settled by the decisions on the data model).",
        ]
        for kind in kinds {
            let rows = rows[kind] ?? []
            lines += [
                "", "## \(kind.capitalized) (\(rows.count))", "", "| name | definition | design | dropped, the check says |",
                "|---|---|---|---|",
            ]
            lines += rows
        }
        lines += ["", "## Operations (\(SchemaContract.operations.count))", "", "| operation | design | test |", "|---|---|---|"]
        lines += SchemaContract.operations.map { "| \($0.name) | \($0.design) | \($0.test) |" }
        return lines.joined(separator: "\n") + "\n"
    }

    private static var root: String {
        URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path
    }

    /// The names of all tests of the package.
    private static func testNames() throws -> Set<String> {
        let folder = "\(root)/Tests"
        var names: Set<String> = []
        for file in try FileManager.default.subpathsOfDirectory(atPath: folder) where file.hasSuffix(".swift") {
            let parts = try String(contentsOfFile: "\(folder)/\(file)", encoding: .utf8).split(
                separator: "`", omittingEmptySubsequences: false)
            names.formUnion(zip(parts, parts.dropFirst()).filter { $0.0.hasSuffix("func ") }.map { String($0.1) })
        }
        return names
    }
}
