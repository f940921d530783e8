/// Names of parts inside an Office document (ECMA-376 part 2): compared without regard to ASCII case, `/` between segments, none in front.
enum PartName {
    /// The form in which names are compared. Some writers put `\` between the segments.
    static func key(_ name: String) -> String {
        let path = name.replacing("\\", with: "/").lowercased()
        return String(path.drop { $0 == "/" })
    }

    /// The part that `target`, written in the relationships of `source`, means. `..` never leads out of the document.
    static func resolve(_ target: String, from source: String) -> String {
        let path = target.replacing("\\", with: "/")
        var segments = path.hasPrefix("/") ? [] : source.split(separator: "/").dropLast()
        for segment in path.split(separator: "/") where segment != "." {
            if segment == ".." { segments = segments.dropLast() } else { segments.append(segment) }
        }
        return segments.joined(separator: "/")
    }

    /// The part with the relationships of `part`; those of the document itself for an empty name.
    static func relationships(of part: String) -> String {
        var segments = part.split(separator: "/", omittingEmptySubsequences: false)
        let name = segments.popLast() ?? ""
        return (segments + ["_rels", "\(name).rels"]).joined(separator: "/")
    }
}
