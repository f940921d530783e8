import Foundation
import Synchronization
import TextAnalysis

/// The documents of one key.
///
/// New documents form a segment of their own, and segments of like size are merged, so that there are few: each document is copied once for
/// each doubling (Lester, Moffat and Zobel, "Fast On-Line Index Construction by Geometric Partitioning", 2005). Readers take the list of segments
/// as it is and never wait; writers take turns.
final class LexicalPartition: Sendable {
    /// What a search looks at: the documents of one moment.
    struct View: Sendable {
        fileprivate(set) var segments: [LiveSegment] = []
        fileprivate(set) var documents = 0
        fileprivate(set) var totalLength = 0.0
    }

    /// Where a document stands.
    private struct Place {
        let segment: ObjectIdentifier
        let document: UInt32
    }

    private let places = Mutex<[UUID: Place]>([:])
    private let current = Mutex(View())

    var view: View { current.withLock { $0 } }

    /// Adds documents, in place of those with their ids.
    func upsert(_ documents: [(id: UUID, terms: CountedTerms)]) {
        guard !documents.isEmpty else { return }
        places.withLock { places in
            // The last of several with one id counts.
            var last: [UUID: Int] = [:]
            for (index, document) in documents.enumerated() { last[document.id] = index }
            let kept = last.count == documents.count ? documents : last.values.sorted().map { documents[$0] }
            var view = current.withLock { $0 }
            remove(kept.map(\.id), from: &view, &places)
            let segment = Segment(kept)
            add(segment, to: &view, &places)
            merge(&view, &places)
            publish(view)
        }
    }

    /// Removes documents; ids that are not there are passed over.
    func remove(_ ids: [UUID]) {
        places.withLock { places in
            var view = current.withLock { $0 }
            remove(ids, from: &view, &places)
            merge(&view, &places)
            publish(view)
        }
    }

    private func publish(_ view: View) {
        current.withLock { $0 = view }
    }

    private func add(_ segment: Segment, to view: inout View, _ places: inout [UUID: Place]) {
        view.segments.append(LiveSegment(segment))
        for (document, id) in segment.ids.enumerated() {
            places[id] = Place(segment: ObjectIdentifier(segment), document: UInt32(document))
        }
        view.documents += segment.ids.count
        view.totalLength += segment.lengths.reduce(0) { $0 + Double($1) }
    }

    private func remove(_ ids: [UUID], from view: inout View, _ places: inout [UUID: Place]) {
        for id in ids {
            guard let place = places.removeValue(forKey: id),
                let index = view.segments.firstIndex(where: { ObjectIdentifier($0.segment) == place.segment })
            else { continue }
            view.segments[index].remove(Int(place.document))
            view.documents -= 1
            view.totalLength -= Double(view.segments[index].segment.lengths[Int(place.document)])
        }
    }

    /// Merges the last segments as long as one is less than twice as large as what comes behind it; so does a segment half of whose documents
    /// are gone with what is behind it.
    private func merge(_ view: inout View, _ places: inout [UUID: Place]) {
        view.segments.removeAll { $0.live.count == 0 }
        var first = view.segments.count
        var behind = 0
        for (index, part) in view.segments.enumerated().reversed() {
            let isSparse = part.live.count * 2 < part.segment.ids.count
            if isSparse || (index + 1 < view.segments.count && part.live.count < 2 * behind) { first = index }
            behind += part.live.count
        }
        guard first < view.segments.count else { return }
        let merged = Segment(merging: Array(view.segments[first...]))
        for part in view.segments[first...] {
            view.documents -= part.live.count
            for document in part.segment.ids.indices where part.live.contains(document) {
                view.totalLength -= Double(part.segment.lengths[document])
            }
        }
        view.segments.removeSubrange(first...)
        add(merged, to: &view, &places)
    }

    var bytes: Int {
        view.segments.reduce(0) { $0 + $1.segment.bytes }
            + places.withLock { $0.capacity * (MemoryLayout<UUID>.stride + MemoryLayout<Place>.stride) }
    }
}
