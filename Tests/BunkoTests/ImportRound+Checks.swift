import Foundation
import Glibc
import Testing

extension ImportRound {
    /// What the import came to, as its importer and the database tell it.
    func outcome() async throws -> Outcome {
        let told = try #require(report?["files"] as? [[String: Any]])
        var outcome = Outcome()
        outcome.failures = told.compactMap { file in
            guard file["state"] as? String == "failed", let path = file["path"] as? String else { return nil }
            return "\(path.dropFirst(folder.path("corpus/").count)): \(file["code"] as? String ?? "")"
        }.sorted()
        outcome.files = try await service.sql(
            """
            SELECT concat_ws('#', source_path, processing_state, failure_code, failure_reason, chunk_count, mime_type) FROM files
            ORDER BY 1
            """)
        outcome.passages = try await service.sql(
            """
            SELECT concat_ws('#', f.source_path, k.ordinal, md5(k.content), k.char_start, k.char_end, k.page_from, k.heading_path,
                md5(vector_send(k.embedding)))
            FROM knowledge_base k JOIN files f ON f.id = k.file_id ORDER BY 1
            """)
        outcome.paid = try String(contentsOfFile: ledger, encoding: .utf8).split { $0 == " " || $0 == "\n" }
        return outcome
    }

    /// Looks for what an import may leave behind: open jobs, stored bytes of nobody, an index that differs, processes and files.
    func checkLeftovers() async throws {
        #expect(try await service.sql("SELECT id, state FROM jobs WHERE finished_at IS NULL OR claimed_by IS NOT NULL") == [])
        let unowned = "SELECT count(*) FROM knowledge_base k WHERE NOT EXISTS (SELECT FROM files f WHERE f.id = k.file_id)"
        #expect(try await service.sql(unowned) == ["0"])
        let contents = try await service.sql("SELECT encode(sha256, 'hex') FROM file_contents ORDER BY 1")
        let stored = try (0..<256).flatMap { part in
            let digits = String(part, radix: 16)
            return try FileManager.default.contentsOfDirectory(atPath: "\(data)/files/\(digits.count < 2 ? "0" : "")\(digits)")
        }
        #expect(stored.sorted() == contents)
        try await sweepIncoming()
        let verified = try await BunkoProcess.run(["verify", "--data", data])
        #expect(verified.code == 0, "\(verified.output) \(verified.errors)")
        try await eventually("all readers to be gone", within: .seconds(20)) { readers().isEmpty }
        #expect(try FileManager.default.contentsOfDirectory(atPath: own + "/tmp") == [])
    }

    /// Of an upload that was killed its incoming file is left, until the service sweeps up what has stood there for an hour.
    private func sweepIncoming() async throws {
        let incoming = "\(data)/files/incoming"
        let left = try FileManager.default.contentsOfDirectory(atPath: incoming)
        #expect(left.count <= (killed[.server] ?? 0) * 64)
        guard !left.isEmpty else { return }
        let before = Date.now.addingTimeInterval(-7_200)
        for name in left { try FileManager.default.setAttributes([.modificationDate: before], ofItemAtPath: "\(incoming)/\(name)") }
        let swept = try await BunkoProcess.run(["verify", "--repair", "--data", data])
        #expect(swept.code == 1, "\(swept.output) \(swept.errors)")
        #expect(try FileManager.default.contentsOfDirectory(atPath: incoming) == [])
    }
}
