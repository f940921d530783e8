import Foundation

/// A path compared byte by byte, as the file system does; two forms of one letter are two names.
struct ExactPath: Hashable, Sendable, Comparable {
    let text: String

    init(_ text: String) {
        self.text = text
    }

    static func == (one: Self, other: Self) -> Bool { one.text.utf8.elementsEqual(other.text.utf8) }

    static func < (one: Self, other: Self) -> Bool { one.text.utf8.lexicographicallyPrecedes(other.text.utf8) }

    func hash(into hasher: inout Hasher) {
        for byte in text.utf8 { hasher.combine(byte) }
    }

    /// The names below `folder`, or nil when the path does not stand below it.
    func names(below folder: String) -> [[Character]]? {
        let prefix = folder == "/" ? "/" : folder + "/"
        guard text.utf8.starts(with: prefix.utf8), text.utf8.count > prefix.utf8.count else { return nil }
        return text.utf8.dropFirst(prefix.utf8.count).split(separator: UInt8(ascii: "/")).map { Array(String(Substring($0))) }
    }

    /// A path from the root without `.`, `..` and `~`; links stay as they are.
    static func absolute(_ path: String) -> String {
        let expanded = (path as NSString).expandingTildeInPath
        let whole = expanded.utf8.first == UInt8(ascii: "/") ? expanded : FileManager.default.currentDirectoryPath + "/" + expanded
        var names: [Substring.UTF8View] = []
        for name in whole.utf8.split(separator: UInt8(ascii: "/")) {
            if name.elementsEqual("..".utf8) { _ = names.popLast() } else if !name.elementsEqual(".".utf8) { names.append(name) }
        }
        return "/" + names.map { String(Substring($0)) }.joined(separator: "/")
    }

    /// The folder of an absolute path, and the name in it.
    static func divided(_ path: String) -> (folder: String, name: String) {
        guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return ("/", path) }
        let folder = String(path[..<slash])
        return (folder.isEmpty ? "/" : folder, String(path[path.utf8.index(after: slash)...]))
    }

    /// A name in a folder.
    static func joined(_ folder: String, _ name: String) -> String { folder == "/" ? "/\(name)" : "\(folder)/\(name)" }
}
