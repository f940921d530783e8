import Foundation

/// Where the built-in model lies.
public enum ModelFolder {
    /// The folder's name.
    public static let name = "all-MiniLM-L6-v2"
    /// SHA-256 of the two files as they are published.
    static let checksums = [
        "model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
        "vocab.txt": "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3",
    ]

    /// The first of the places that has the model's files, the user's own before those that all users share; nil when none has.
    /// - Parameter home: the user's home folder.
    public static func find(home: String) -> String? {
        places(home: home).first { place in
            checksums.keys.allSatisfy { FileManager.default.isReadableFile(atPath: "\(place)/\($0)") }
        }
    }

    /// Where ``find(home:)`` looks, and `scripts/setup.sh` puts it.
    public static func places(home: String) -> [String] {
        ["\(home)/.local/share", "/usr/local/share", "/usr/share"].map { "\($0)/bunko/models/\(name)" }
    }
}
