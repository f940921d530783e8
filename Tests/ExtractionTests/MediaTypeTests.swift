import Testing

@testable import Extraction

@Suite struct MediaTypeTests {
    @Test func markdownByName() throws {
        #expect(try MediaType.detect(bytes: Array("a".utf8), fileName: "a/b/README.MD") == .markdown)
    }
}
