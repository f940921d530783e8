/// The smallest piece a passage is made of: a sentence, a line that means something, or a part of one that is too long.
struct TextUnit: Equatable {
    /// What the piece is, and so how bad a cut beside it is.
    enum Kind: Equatable {
        case heading
        /// A whole sentence: the only kind that is repeated as overlap.
        case sentence
        /// A short paragraph without a full stop, such as an unmarked heading: it leads to what follows.
        case lead
        /// A line of code or markup.
        case line
        /// The titles of a table or the rule below them.
        case tableHead
        case tableRow
        /// A part of a sentence or line, cut after a clause, a word or, failing both, any scalar.
        case fragment
    }

    let kind: Kind
    /// Bytes, without the white space around.
    let bytes: Range<Int>
    let block: Int
    /// The number of its section in the group.
    let section: Int
    /// The tokens of the piece alone.
    let tokens: Int
    /// The tokens of the white space between the unit before and this one.
    var gapTokens = 0
}
