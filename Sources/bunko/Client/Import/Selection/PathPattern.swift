/// A pattern for a path, name by name; `**` stands for any number of folders.
///
/// It is followed down the folders: ``start`` are the places before the first name, ``step(_:over:dotIsExplicit:)`` goes over one name,
/// and no places at all mean that nothing further down can match.
struct PathPattern: Sendable, Equatable {
    private enum Part: Sendable, Equatable {
        case folders
        case name(Wildcard)
    }

    private let parts: [Part]

    /// - Parameter names: what stands between the slashes. A `**` at the end is everything below, and not the folder itself.
    init(_ names: some Sequence<some StringProtocol>) {
        var parts: [Part] = []
        for name in names {
            // git takes more stars for the same.
            let isFolders = name.utf8.count > 1 && name.utf8.allSatisfy { $0 == UInt8(ascii: "*") }
            if !isFolders { parts.append(.name(Wildcard(name))) } else if parts.last != .folders { parts.append(.folders) }
        }
        if parts.last == .folders { parts.append(.name(Wildcard("*"))) }
        self.parts = parts
    }

    /// Positions among the parts that are reached, without repetitions.
    typealias Places = [Int]

    var start: Places { closed([0]) }

    /// - Parameter dotIsExplicit: a leading dot is matched by a dot of the pattern alone, so that hidden files stay hidden.
    func step(_ places: Places, over name: [Character], dotIsExplicit: Bool) -> Places {
        let isHidden = dotIsExplicit && name.first == "."
        var next: Places = []
        for place in places where place < parts.count {
            switch parts[place] {
            case .folders: if !isHidden { next.append(place) }
            case .name(let wildcard): if !isHidden || wildcard.beginsWithDot, wildcard.matches(name) { next.append(place + 1) }
            }
        }
        return closed(next)
    }

    func isMatch(_ places: Places) -> Bool { places.contains(parts.count) }

    func matches(_ names: some Sequence<[Character]>) -> Bool {
        var places = start
        for name in names {
            places = step(places, over: name, dotIsExplicit: false)
            if places.isEmpty { return false }
        }
        return isMatch(places)
    }

    /// `**` may also stand for no folder at all.
    private func closed(_ places: Places) -> Places {
        var all: Places = []
        for place in places {
            var place = place
            while !all.contains(place) {
                all.append(place)
                guard place < parts.count, parts[place] == .folders else { break }
                place += 1
            }
        }
        return all
    }
}
