/// A JSON text, parsed: its values in the order of the source, the members of each container behind it. 13 bytes for each value and key.
struct JSONTree {
    enum Kind: UInt8 {
        case object
        case array
        /// The name of the member whose value comes next.
        case key
        case string
        case number
        /// true, false or null.
        case literal
    }

    private(set) var kinds: [Kind] = []
    /// The first byte of each value, in the text parsed.
    private(set) var starts: [UInt32] = []
    /// One past the last byte of each.
    private(set) var ends: [UInt32] = []
    /// One past the last value inside each.
    private(set) var nexts: [UInt32] = []

    var count: Int { kinds.count }

    /// Adds a value that ends later, see ``close(_:at:)``, or, with its end, one without anything inside.
    mutating func append(_ kind: Kind, from start: Int, to end: Int = 0) {
        kinds.append(kind)
        starts.append(UInt32(truncatingIfNeeded: start))
        ends.append(UInt32(truncatingIfNeeded: end))
        nexts.append(UInt32(truncatingIfNeeded: kinds.count))
    }

    mutating func close(_ index: Int, at end: Int) {
        ends[index] = UInt32(truncatingIfNeeded: end)
        nexts[index] = UInt32(truncatingIfNeeded: kinds.count)
    }
}

/// Where a text is not JSON.
struct JSONSyntaxError: Error, Equatable {
    /// The byte, from 0; the length of the text where more was expected.
    let offset: Int
    /// What is wrong there, a clause for people.
    let problem: String
}
