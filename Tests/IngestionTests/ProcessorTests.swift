import Extraction
import Foundation
import TestSupport
import Testing
import TextAnalysis

@testable import Ingestion

/// Documents read here and in a process of their own, by the same settings.
@Suite struct ProcessorTests {
    private static let text = (1...300).map { "The ferry number \($0) leaves the harbour at noon.\n\n" }.joined()

    /// A vocabulary in which every byte is a token, prepared as a file.
    private func withVocabulary<R>(_ body: (String) async throws -> R) async throws -> R {
        let lines = (0...255).map { "\(Data([UInt8($0)]).base64EncodedString()) \($0)\n" }
        let tokenizer = try BytePairTokenizer(Array(lines.joined().utf8), fileName: "bytes-cl100k.tiktoken")
        let path = "\(NSTemporaryDirectory())/bunko-vocabulary-\(UUID())"
        try Data(tokenizer.prepared).write(to: URL(filePath: path))
        defer { try? FileManager.default.removeItem(atPath: path) }
        return try await body(path)
    }

    private let isolated = IsolatedReader(command: [bunkoProgram, "read-document"])

    private func processor(_ options: ReadingOptions) throws -> DocumentProcessor {
        DocumentProcessor(isolated: isolated, reader: try DocumentReader(options: options))
    }

    @Test func `A vocabulary and a target reach the process that reads a document`() async throws {
        try await withVocabulary { path in
            let bytes = Array(Self.text.utf8)
            let estimated = try await processor(.init()).read(bytes, fileName: "a.md")
            var options = ReadingOptions(vocabulary: path)
            let here = try await processor(options).read(bytes, fileName: "a.md")
            #expect(here.chunks.count > estimated.chunks.count * 2, "a byte is less than a token")
            #expect(here.chunks.allSatisfy { $0.tokenCount == $0.content.utf8.count && $0.tokenCount <= 450 })
            let apart = try await isolated.read(bytes, fileName: "a.md", options: options)
            #expect(apart == here)
            options.chunking.targetTokens = 1_400
            let larger = try await processor(options).read(bytes, fileName: "a.md")
            #expect(larger.chunks.count * 3 < here.chunks.count)
            let largerApart = try await isolated.read(bytes, fileName: "a.md", options: options)
            #expect(largerApart == larger)
        }
    }

    @Test func `A vocabulary that went missing is the operator's to mend, and no fault of the document`() async throws {
        try await withVocabulary { path in
            let processor = try processor(ReadingOptions(vocabulary: path))
            try FileManager.default.removeItem(atPath: path)
            let large = Array(String(repeating: Self.text, count: 80).utf8)
            try #require(large.count > DocumentProcessor.largestHere)
            let error = await #expect(throws: ReaderProcessError.self) { try await processor.read(large, fileName: "a.md") }
            #expect(error?.description.contains("vocabulary") == true)
            #expect(throws: VocabularyError.self) { try DocumentReader(options: ReadingOptions(vocabulary: path)) }
        }
    }
}
