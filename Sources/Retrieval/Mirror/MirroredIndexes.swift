import Domain
import Foundation
import LexicalIndex
import RowFilters
import Storage
import VectorIndex

/// The same rows twice: by their vectors and by their words.
struct MirroredIndexes: Sendable {
    let vectors: PartitionedIndex
    let words: LexicalIndex
    /// Whose vectors they are, and no other's; nil before that is known.
    var model: String?
}

extension IndexRow {
    init(_ row: MirrorRow) {
        self.init(id: row.id.rawValue, vector: row.embedding, attributes: RowAttributes(row))
    }
}

extension LexicalDocument {
    /// A word of the title or of a heading counts as much as several of the text.
    private static let titleWeight: Float = 2
    private static let headingWeight: Float = 1.5

    init(_ row: MirrorRow) {
        var fields = [Field(row.content)]
        if let title = row.title, !row.headingPath.contains(title) { fields.append(Field(title, weight: Self.titleWeight)) }
        // The first heading is a document's title as a rule.
        for (level, heading) in row.headingPath.enumerated() {
            fields.append(Field(heading, weight: level == 0 ? Self.titleWeight : Self.headingWeight))
        }
        self.init(id: row.id.rawValue, fields: fields, attributes: RowAttributes(row))
    }
}
