import Domain
import Foundation
import Testing

@Suite struct IdentifierTests {
    @Test func `An identifier is written in lower case and read in any`() throws {
        let text = "0F8FAD5B-D9CB-469F-A165-70867728950E"
        let id = try #require(FileID(text))
        #expect(id.description == text.lowercased())
        #expect(FileID(text.lowercased()) == id)
        #expect(FileID(rawValue: id.rawValue) == id)
    }

    @Test(arguments: ["", "x", "0f8fad5b-d9cb-469f-a165-70867728950", "0f8fad5bd9cb469fa16570867728950e", "business-assistant"])
    func `Text of another form is no identifier`(text: String) {
        #expect(AssistantID(text) == nil)
    }

    @Test func `It travels through JSON as a string`() throws {
        let id = ChunkID()
        let data = try JSONEncoder().encode([id])
        #expect(String(decoding: data, as: UTF8.self) == "[\"\(id)\"]")
        #expect(try JSONDecoder().decode([ChunkID].self, from: data) == [id])
        #expect(throws: DecodingError.self) { try JSONDecoder().decode([ChunkID].self, from: Data("[\"nobody\"]".utf8)) }
    }

    @Test func `Fresh ones differ, and the fixed users stand where the migration puts them`() {
        #expect(Set((0..<100).map { _ in UserID() }).count == 100)
        #expect(UserID.system.description == "00000000-0000-0000-0000-000000000001")
        #expect(UserID.local.description == "00000000-0000-0000-0000-000000000002")
    }

    @Test func `A digest has 32 bytes`() {
        #expect(ContentDigest(bytes: Array(repeating: 0xAB, count: 32))?.description == String(repeating: "ab", count: 32))
        #expect(ContentDigest(bytes: Array(repeating: 1, count: 31)) == nil)
        #expect(ContentDigest(bytes: []) == nil)
        #expect([0x00, 0x0F, 0xF0, 0xFF].hexadecimal == "000ff0ff")
    }
}
