import Foundation
import TestSupport
import Testing

extension BinaryTests {
    /// `bunko eval` on a small set, from its folder to its report.
    @Suite struct EvaluationCommandTests {
        private static let passages = [
            ("Ferry times", "The ferry to the island leaves at nine, at noon and at five. *Bring* your own [cup](x)."),
            ("Harbour office", "The harbour office opens at seven. Its number is 555-0199; ask for <Mina>."),
            ("Bakery", "1. The bakery sells bread from six in the morning.\n2. On Sundays it is closed."),
            ("", "    Cargo is weighed on the scale behind the crane, at 3 € a tonne."),
            ("항구", "항구 사무소는 아침 일곱 시에 문을 엽니다."), ("港", "港の事務所は朝七時に開きます。"),
        ]
        private static let questions = [
            "When does the ferry leave?", "When does the harbour office open?", "Where is bread sold?", "Where is cargo weighed?",
            "항구 사무소는 언제 여나요?", "港の事務所は何時に開く？",
        ]

        private func write(_ folder: TemporaryFolder) throws -> String {
            func lines(_ objects: [[String: String]]) throws -> String {
                try objects.map { String(decoding: try JSONSerialization.data(withJSONObject: $0), as: UTF8.self) }.joined(separator: "\n")
            }
            try folder.write(
                "set/corpus.jsonl",
                lines(Self.passages.enumerated().map { ["id": "p\($0)", "title": $1.0, "text": $1.1] }))
            try folder.write("set/queries.jsonl", lines(Self.questions.enumerated().map { ["id": "q\($0)", "text": $1] }))
            try folder.write("set/qrels.tsv", Self.questions.indices.map { "q\($0)\tp\($0)\t1" }.joined(separator: "\n"))
            return folder.path("set")
        }

        @Test("A set is imported, asked, reported, compared and removed")
        func evaluation() async throws {
            let folder = try TemporaryFolder()
            let set = try write(folder)
            let (data, report, picture) = (folder.path("data"), folder.path("report.json"), folder.path("report.svg"))
            try await TestService.with(data: data) { service in
                let first = try await BunkoProcess.run(
                    ["eval", "--dataset", set, "--data", data, "--json", report, "--svg", picture, "--unanswerable", set])
                #expect(first.code == 0, "\(first.errors)")
                #expect(first.output.contains("6 questions, 6 passages") && first.output.contains("fusion"), "\(first.output)")
                let told = try #require(
                    try JSONSerialization.jsonObject(with: Data(contentsOf: URL(filePath: report))) as? [String: Any])
                #expect(told["dataset"] as? String == "set" && told["questions"] as? Int == 6 && told["seconds"] is Double)
                let refusal = try #require(told["refusal"] as? [String: Any])
                #expect(refusal["separation"] as? Double == 0.5, "a set's questions cannot be told from themselves")
                #expect(first.output.contains("unanswerable that get nothing"), "\(first.output)")
                let arms = try #require(told["arms"] as? [String: [String: Any]])
                #expect(Set(arms.keys) == ["dense", "lexical", "rrf", "fusion"])
                for (name, arm) in arms {
                    for metric in ["ndcg@10", "recall@5", "recall@10", "mrr@10", "hit@1", "hit@5", "hit@10"] {
                        let value = try #require(arm[metric] as? Double, "\(name) \(metric)")
                        #expect((0...1).contains(value))
                    }
                    let interval = try #require((arm["ci95"] as? [String: [Double]])?["ndcg@10"])
                    #expect(interval.count == 2 && interval[0] <= interval[1])
                }
                #expect(arms["fusion"]?["hit@1"] as? Double == 1, "\(first.output)")
                let loss = try #require(told["index_loss"] as? [String: Any])
                #expect(loss["recall_vs_exact"] as? Double == 1)
                #expect(try String(contentsOfFile: picture, encoding: .utf8).contains("</svg>"))
                let second = try await BunkoProcess.run(
                    ["eval", "--dataset", set, "--data", data, "--limit", "3", "--arms", "lexical,fusion", "--against", report])
                #expect(second.code == 0 && second.output.contains("over 3 questions: may be chance"), "\(second.output)\(second.errors)")
                let left = try await service.sql("SELECT count(*) FROM assistants WHERE name LIKE 'eval-%'")
                #expect(left == ["0"])
                let rows = try await service.sql("SELECT count(*) FROM knowledge_base")
                #expect(rows == ["0"])
            }
        }

        @Test("Golden questions are asked of an assistant, and the exit code tells whether enough are met")
        func golden() async throws {
            let folder = try TemporaryFolder()
            try folder.write("docs/ferry.md", "# Ferry times\n\nThe ferry to the island leaves at nine, at noon and at five.\n")
            try folder.write("docs/bakery.md", "# Bakery\n\nThe bakery sells bread from six in the morning.\n")
            let report = folder.path("golden.json")
            func ask(_ text: String) async throws -> BunkoProcess.Outcome {
                try folder.write("golden.yaml", "assistant: island\nthreshold: 0.2\nminimum: {met: 0.7, mrr: 0.4}\nquestions:\n" + text)
                return try await BunkoProcess.run(
                    ["eval", "--golden", folder.path("golden.yaml"), "--data", folder.path("data"), "--json", report])
            }
            let right = "- {ask: When does the ferry leave?, expect: ferry.md, contains: at Noon}\n"
            let wrong = "- {ask: Where is bread sold?, expect: ferry.md}\n"
            let none = "- {ask: Who painted the Mona Lisa in Florence?, nothing: true}\n"
            try await TestService.with(data: folder.path("data")) { _ in
                let imported = try await BunkoProcess.run(
                    ["import", folder.path("docs"), "--assistant", "island", "--data", folder.path("data")])
                #expect(imported.code == 0, "\(imported.errors)")
                let all = try await ask(right + none)
                #expect(all.code == 0 && all.output.contains("2 of 2 golden questions are met, MRR 1.000."), "\(all.output)\(all.errors)")
                let enough = try await ask(right + wrong + none + none)
                #expect(enough.code == 0 && enough.output.contains("Where is bread sold?"), "\(enough.output)\(enough.errors)")
                let few = try await ask(right + wrong + none)
                #expect(few.code == 1 && few.errors.contains("1 of 3 golden questions failed"), "\(few.output)\(few.errors)")
                let told = try #require(
                    try JSONSerialization.jsonObject(with: Data(contentsOf: URL(filePath: report))) as? [String: Any])
                #expect(told["passes"] as? Bool == false && (told["questions"] as? [[String: Any]])?.count == 3)
            }
        }

        @Test("What cannot be evaluated is told before anything is imported")
        func refusals() async throws {
            let folder = try TemporaryFolder()
            let set = try write(folder)
            try folder.write("broken/corpus.jsonl", #"{"id":"p","text":"x"}"#)
            try folder.write("golden.yaml", "assistant: a\nquestions:\n- ask: When?\n  expects: a.md\n")
            let golden = folder.path("golden.yaml")
            for (arguments, word) in [
                (["--dataset", folder.path("missing")], "corpus.jsonl"), (["--dataset", folder.path("broken")], "queries.jsonl"),
                (["--dataset", set, "--arms", "dense,best"], "--arms"), (["--dataset", set, "--limit", "0"], "--limit"),
                (["--dataset", set, "--against", folder.path("none.json")], "none.json"),
                (["--dataset", set, "--json", folder.path("no/where.json")], "where.json"), ([], "--golden"),
                (["--golden", folder.path("none.yaml")], "none.yaml"), (["--golden", golden, "--dataset", set], "--golden"),
                (["--golden", golden, "--limit", "3"], "--json"), (["--golden", golden], "\"expects\""),
            ] {
                let ended = try await BunkoProcess.run(["eval", "--data", folder.path("data")] + arguments)
                #expect(ended.code != 0 && ended.errors.contains(word), "\(arguments): \(ended.errors)")
            }
            #expect(FileManager.default.fileExists(atPath: folder.path("data/postgres")) == false)
        }
    }
}
