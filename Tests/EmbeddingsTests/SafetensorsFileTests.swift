import Foundation
import Testing

@testable import Embeddings

@Suite struct SafetensorsFileTests {
    private func withFile<Result>(_ header: String, length: UInt64? = nil, data: [Float], cut: Int = 0, _ body: (String) throws -> Result)
        rethrows -> Result
    {
        let path = FileManager.default.temporaryDirectory.appending(path: "bunko-\(UUID()).safetensors").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        var content = Data()
        withUnsafeBytes(of: (length ?? UInt64(header.utf8.count)).littleEndian) { content.append(contentsOf: $0) }
        content.append(contentsOf: header.utf8)
        data.withUnsafeBytes { content.append(contentsOf: $0) }
        #expect(FileManager.default.createFile(atPath: path, contents: content.dropLast(cut)))
        return try body(path)
    }

    private static let good = """
        {"__metadata__":{"format":"pt"},"a":{"dtype":"F32","shape":[2,2],"data_offsets":[0,16]},\
        "b":{"dtype":"F32","shape":[1],"data_offsets":[16,20]},"c":{"dtype":"I64","shape":[1],"data_offsets":[0,8]}}
        """

    @Test func tensorsAreFoundByNameAndShape() throws {
        try withFile(Self.good, data: [1, 2, 3, 4, 5]) { path in
            let file = try SafetensorsFile(path: path)
            #expect(Array(file.numbers[try file.range(of: "a", shape: [2, 2])]) == [1, 2, 3, 4])
            #expect(Array(file.numbers[try file.range(of: "b", shape: [1])]) == [5])
            #expect(file.sha256.count == 64)
        }
    }

    /// Each tells what is wrong, and none reads beyond its end.
    @Test(arguments: [
        (good, ["a"], [2, 3], "is of shape [2, 2]"), (good, ["z"], [1], "no tensor z"), (good, ["c"], [1], "of type I64"),
        (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,16]}}"#, ["a"], [2], "does not fit"),
        (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[16,24]}}"#, ["a"], [2], "does not fit"),
        (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[-8,0]}}"#, ["a"], [2], "does not fit"),
        (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[9223372036854775804,9223372036854775807]}}"#, ["a"], [2], "does not fit"),
        (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[2,10]}}"#, ["a"], [2], "does not fit"),
        (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0]}}"#, ["a"], [2], "does not fit"),
    ])
    func tensorsThatCannotBeReadAreRefused(header: String, name: [String], shape: [Int], reason: String) throws {
        try withFile(header, data: [1, 2, 3, 4, 5]) { path in
            let file = try SafetensorsFile(path: path)
            let error = try #require(throws: ModelFileError.self) { try file.range(of: name[0], shape: shape) }
            #expect(error.reason.contains(reason), "\(error)")
            #expect(error.description.contains(path) && error.description.contains("setup.sh"))
        }
    }

    @Test func numbersThatAreNoneAreRefused() throws {
        for number in [Float.nan, .infinity] {
            try withFile(Self.good, data: [1, 2, 3, number, 5]) { path in
                let file = try SafetensorsFile(path: path)
                let error = try #require(throws: ModelFileError.self) { try file.range(of: "a", shape: [2, 2]) }
                #expect(error.reason.contains("not a finite number"))
            }
        }
    }

    @Test(arguments: [
        ("", nil as UInt64?, 0, "header"), ("{", nil, 0, "header"), ("[]", nil, 0, "header"), (#"{"a":1}"#, nil, 0, "header"),
        (good, 1_000_000, 0, "says that its header takes"), (good, .max, 0, "says that its header takes"),
        ("", nil, 23, "5 bytes long"),
    ])
    func filesThatAreNoneAreRefused(header: String, length: UInt64?, cut: Int, reason: String) throws {
        try withFile(header, length: length, data: [1, 2, 3, 4, 5], cut: cut) { path in
            let error = try #require(throws: ModelFileError.self) { try SafetensorsFile(path: path) }
            #expect(error.reason.contains(reason), "\(error)")
        }
    }

    @Test func aFileThatIsNotThereIsNamed() throws {
        let error = try #require(throws: ModelFileError.self) { try SafetensorsFile(path: "/nowhere/model.safetensors") }
        #expect(error.description.contains("/nowhere/model.safetensors"))
    }
}
