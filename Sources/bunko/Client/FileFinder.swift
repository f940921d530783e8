import Foundation

/// The files a list of paths stands for.
enum FileFinder {
    enum Item: Sendable, Equatable {
        case file(String)
        case unreadable(String, reason: String)
    }

    /// Files in the order of the paths, those of a folder sorted by name, each once. A path that does not exist is an item too, so
    /// that the report names it. Hidden files, and links to folders, are passed over.
    static func files(below paths: [String]) -> [Item] {
        var seen: Set<String> = []
        return paths.flatMap(items).filter { item in
            guard case .file(let path) = item else { return true }
            return seen.insert(path).inserted
        }
    }

    private static func items(at path: String) -> [Item] {
        let url = URL(filePath: (path as NSString).expandingTildeInPath).standardizedFileURL
        let absolute = url.path(percentEncoded: false)
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: absolute, isDirectory: &isFolder) else {
            return [.unreadable(path, reason: "There is no such file or folder.")]
        }
        guard isFolder.boolValue else { return [.file(absolute)] }
        return filesOfFolder(absolute.hasSuffix("/") ? String(absolute.dropLast()) : absolute)
    }

    private static func filesOfFolder(_ folder: String) -> [Item] {
        var unreadable: [Item] = []
        let enumerator = FileManager.default.enumerator(
            at: URL(filePath: folder), includingPropertiesForKeys: [.isRegularFileKey], options: [.skipsHiddenFiles]
        ) { url, error in
            unreadable.append(.unreadable(url.path(percentEncoded: false), reason: error.localizedDescription))
            return true
        }
        guard let enumerator else { return [.unreadable(folder, reason: "The folder cannot be read.")] }
        var files: [String] = []
        for case let url as URL in enumerator {
            var isFolder: ObjCBool = false
            let path = url.standardizedFileURL.path(percentEncoded: false)
            guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), !isFolder.boolValue else { continue }
            files.append(path)
        }
        return files.sorted().map(Item.file) + unreadable
    }
}
