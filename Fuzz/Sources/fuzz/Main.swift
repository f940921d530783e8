import CFuzzer
import Foundation

/// The name that libFuzzer's own main function, which is linked along, asks for.
@_cdecl("LLVMFuzzerTestOneInput")
func testOneInput(_ bytes: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
    Fuzz.target.run([UInt8](UnsafeBufferPointer(start: bytes, count: size)))
    return 0
}

/// A part of the product that is fed with bytes somebody may have made up.
///
/// An error of the documented type is well; a trap, an access out of bounds, a hang, a huge allocation or a broken promise is a finding.
/// What ends the process is how libFuzzer learns of one, and keeps the input: so `fatalError` is a target's way to report.
protocol FuzzTarget: Sendable {
    func run(_ input: [UInt8])
    /// Inputs to start from.
    func seeds() throws -> [[UInt8]]
    /// What inputs are also made of.
    var words: [String] { get }
}

/// `fuzz --target=NAME` and libFuzzer's options, which passes over those with two dashes. `fuzz --target=NAME --seeds=FOLDER` writes the
/// target's inputs to start from into `FOLDER`, and its words beside it, as a dictionary for `-dict`.
@main
struct Fuzz {
    static let targets: [String: any FuzzTarget] = [
        "snapshot": SnapshotTarget(), "text": DocumentTarget.text, "markdown": DocumentTarget.markdown, "table": DocumentTarget.table,
        "json": DocumentTarget.json, "html": DocumentTarget.html, "vocabulary": VocabularyTarget(), "tokens": TokenTarget(),
        "multipart": MultipartTarget(), "repeated": RepeatedTarget(),
    ]

    static let target: any FuzzTarget = {
        guard let name = argument("target"), let target = targets[name] else {
            fatalError("Give --target= and one of \(targets.keys.sorted().joined(separator: ", ")).")
        }
        return target
    }()

    static func main() throws {
        if let folder = argument("seeds") { return try write(target, to: URL(fileURLWithPath: folder)) }
        var count = CommandLine.argc
        var arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = CommandLine.unsafeArgv
        let status = withUnsafeMutablePointer(to: &arguments) { pointer in
            pointer.withMemoryRebound(to: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?.self, capacity: 1) {
                LLVMFuzzerRunDriver(&count, $0, testOneInput)
            }
        }
        exit(status)
    }

    private static func argument(_ name: String) -> String? {
        let prefix = "--\(name)="
        return CommandLine.arguments.first { $0.hasPrefix(prefix) }.map { String($0.dropFirst(prefix.count)) }
    }

    private static func write(_ target: any FuzzTarget, to folder: URL) throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        for (number, seed) in try target.seeds().enumerated() {
            try Data(seed).write(to: folder.appending(path: "seed-\(number)"))
        }
        let dictionary = target.words.map { word in "\"" + word.utf8.map { "\\x" + hexadecimal($0) }.joined() + "\"\n" }.joined()
        // libFuzzer refuses an empty file.
        try Data(("# Words\n" + dictionary).utf8).write(to: folder.appendingPathExtension("dict"))
    }

    private static func hexadecimal(_ byte: UInt8) -> String {
        (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
    }
}

/// Ends the program, which is a finding, unless `condition` holds; `promise` is what the code says of itself.
func require(_ condition: Bool, _ promise: @autoclosure () -> String) {
    if !condition { fatalError("Broken promise: \(promise())") }
}
