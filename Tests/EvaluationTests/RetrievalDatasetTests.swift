import Domain
import Evaluation
import Foundation
import Testing

@Suite struct RetrievalDatasetTests {
    private func withFolder<Result>(_ files: [String: String], _ body: (String) throws -> Result) throws -> Result {
        let folder = FileManager.default.temporaryDirectory.appending(path: "bunko-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        for (name, content) in files { try content.write(to: folder.appending(path: name), atomically: true, encoding: .utf8) }
        return try body(folder.path)
    }

    private static let good = [
        "corpus.jsonl": #"{"id":"p1","title":"Ferries","text":"They leave at nine."}"# + "\r\n" + #"{"_id":"p2","text":"항구"}"# + "\n\n",
        "queries.jsonl": #"{"id":"q1","text":"When?"}"# + "\n" + #"{"id":"q2","text":"Who?"}"# + "\n" + #"{"id":"q3","text":"Why?"}"#,
        "qrels.tsv": "query-id\tcorpus-id\tscore\nq1\tp1\t1\nq1\tp2\t0\r\nq3\t0\tp2\t2\n",
    ]

    @Test func aFolderIsRead() throws {
        try withFolder(Self.good) { folder in
            let set = try RetrievalDataset(folder: folder)
            #expect(
                set.passages == [
                    .init(id: "p1", title: "Ferries", text: "They leave at nine."), .init(id: "p2", title: "", text: "항구"),
                ])
            #expect(set.questions.map(\.id) == ["q1", "q3"], "q2 has no answer")
            #expect(set.judgements == ["q1": ["p1": 1], "q3": ["p2": 2]])
        }
    }

    @Test(arguments: [
        (
            "corpus.jsonl", #"{"id":"p1","text":"a"}"# + "\n" + #"{"id":"p1","text":"b"}"#,
            "corpus.jsonl, line 2: the id p1 stands there twice"
        ),
        ("corpus.jsonl", "{\"id\":\"p1\"}", "corpus.jsonl, line 1"), ("corpus.jsonl", #"{"text":"a"}"#, "it has no id"),
        ("queries.jsonl", "\n\nnonsense", "queries.jsonl, line 3"), ("qrels.tsv", "q1\tp1", "qrels.tsv, line 1"),
        ("qrels.tsv", "q1\tp1\tmuch", "qrels.tsv, line 1"), ("qrels.tsv", "q1\tp1\t5000", "qrels.tsv, line 1"),
        ("qrels.tsv", "q9\tp1\t1", "no question q9"),
        ("qrels.tsv", "q1\tp9\t1", "no passage p9"),
        ("qrels.tsv", "q1\tp1\t0", "no question has an answer"),
    ])
    func whatIsWrongIsToldWithFileAndLine(file: String, content: String, reason: String) throws {
        try withFolder(Self.good.merging([file: content]) { $1 }) { folder in
            let problem = try #require(throws: Problem.self) { try RetrievalDataset(folder: folder) }
            #expect("\(problem)".contains(reason), "\(problem)")
        }
    }

    @Test func aMissingFileIsNamed() throws {
        try withFolder(Self.good.filter { $0.key != "qrels.tsv" }) { folder in
            let problem = try #require(throws: Problem.self) { try RetrievalDataset(folder: folder) }
            #expect("\(problem)".contains("qrels.tsv"), "\(problem)")
        }
    }

    @Test func pooledSetsHaveAllOfEach() throws {
        try withFolder(Self.good) { folder in
            let set = try RetrievalDataset(folder: folder)
            let other = RetrievalDataset(
                name: "other", passages: [.init(id: "x", title: "", text: "y")], questions: [.init(id: "z", text: "?")],
                judgements: ["z": ["x": 1]])
            let pool = RetrievalDataset.pooled([set, other])
            #expect(pool.passages.count == 3 && pool.questions.count == 3 && pool.judgements.count == 3)
        }
    }
}
