import RowFilters

/// A segment and which of its documents are still there.
struct LiveSegment: Sendable {
    let segment: Segment
    private(set) var live: Bitmap
    /// Documents that are still there.
    private(set) var count: Int

    init(_ segment: Segment) {
        self.segment = segment
        live = Bitmap(allUnder: segment.ids.count)
        count = segment.ids.count
    }

    init(_ segment: Segment, live: Bitmap) {
        self.segment = segment
        self.live = live
        count = live.count
    }

    /// Takes out a document, which must be in.
    mutating func remove(_ document: Int) {
        live.remove(Slot(document))
        count -= 1
    }

    /// The documents that are there and that a filter lets through.
    func documents(_ filter: RowFilter?) -> Bitmap {
        filter.map { live.intersection($0.rows(of: live, segment.attributes.table)) } ?? live
    }
}
