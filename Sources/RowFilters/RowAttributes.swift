/// What filters may ask about a row, under keys of the caller's choice, such as `tags` or `metadata.year`.
public struct RowAttributes: Sendable, Equatable {
    /// Texts by key: one, such as a source type, or several, such as tags; which come first and how often is of no account. Texts are equal
    /// when their UTF-8 bytes are.
    public var keywords: [String: [String]]
    /// Numbers by key, none of them NaN: amounts, or times as seconds. A key may have keywords and a number; they are different attributes.
    public var numbers: [String: Double]

    /// Attributes; none by default.
    public init(keywords: [String: [String]] = [:], numbers: [String: Double] = [:]) {
        self.keywords = keywords
        self.numbers = numbers
    }

    /// Whether there are none.
    public var isEmpty: Bool { keywords.isEmpty && numbers.isEmpty }
}

/// A text by its UTF-8 bytes: databases tell texts apart that `String` holds equal, such as a composed and a decomposed é.
package struct Keyword: Hashable {
    package let text: String

    package init(_ text: String) {
        self.text = text
    }

    package static func == (one: Keyword, other: Keyword) -> Bool {
        one.text.utf8.elementsEqual(other.text.utf8)
    }

    package func hash(into hasher: inout Hasher) {
        var text = text
        text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    }
}
