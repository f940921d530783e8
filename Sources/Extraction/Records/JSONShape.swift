/// The two ways of a JSON file, as far as its beginning shows.
enum JSONShape {
    /// One value.
    case document
    /// A value a line.
    case lines

    /// Nil for what is no beginning of an object or array.
    init?(beginning: [UInt8], isWhole: Bool) {
        guard beginning.first == UInt8(ascii: "{") || beginning.first == UInt8(ascii: "[") else { return nil }
        var parser = JSONParser(beginning[...])
        do {
            let first = try parser.value()
            guard parser.position < beginning.endIndex else {
                self = .document
                return
            }
            let gap = beginning[Int(first.ends[0])..<parser.position]
            guard gap.contains(where: { $0 == 0x0A || $0 == 0x0D }), beginning[parser.position] == beginning.first else { return nil }
            self = .lines
        } catch {
            guard error.offset == beginning.endIndex, !isWhole else { return nil }
            self = .document
        }
    }

    var mediaType: MediaType {
        self == .lines ? .jsonl : .json
    }
}
