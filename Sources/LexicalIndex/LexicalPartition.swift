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

    init() {}

    /// A partition of segments that were written down; nil when they have an id twice.
    init?(_ segments: [LiveSegment]) {
        var view = View(segments: segments)
        var found: [UUID: Place] = [:]
        for part in segments {
            view.documents += part.count
            part.live.forEach { document in
                let place = Place(segment: ObjectIdentifier(part.segment), document: document)
                found[part.segment.ids[Int(document)]] = place
                view.totalLength += Double(part.segment.lengths[Int(document)])
            }
        }
        guard found.count == view.documents else { return nil }
        places.withLock { $0 = found }
        publish(view)
    }

    var view: View { current.withLock { $0 } }

    /// The ids of the documents.
    var ids: [UUID] { places.withLock { Array($0.keys) } }

    func contains(_ id: UUID) -> Bool { places.withLock { $0[id] != nil } }

    /// What some documents' texts and attributes hash to; those that are not there are left out.
    func fingerprints(of ids: [UUID]) -> [UUID: UInt64] {
        places.withLock { places in
            let segments = Dictionary(
                uniqueKeysWithValues: current.withLock { $0 }.segments.map { (ObjectIdentifier($0.segment), $0.segment) })
            return ids.reduce(into: [:]) { found, id in
                guard let place = places[id], let segment = segments[place.segment] else { return }
                found[id] = segment.content.fingerprints[Int(place.document)]
            }
        }
    }

    /// Adds documents, in place of those with their ids.
    func upsert(_ documents: [CountedDocument]) {
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
        view.segments.removeAll { $0.count == 0 }
        var first = view.segments.count
        var behind = 0
        for (index, part) in view.segments.enumerated().reversed() {
            let isSparse = part.count * 2 < part.segment.ids.count
            if isSparse || (index + 1 < view.segments.count && part.count < 2 * behind) { first = index }
            behind += part.count
        }
        guard first < view.segments.count else { return }
        let merged = Segment(merging: Array(view.segments[first...]))
        for part in view.segments[first...] {
            view.documents -= part.count
            part.live.forEach { view.totalLength -= Double(part.segment.lengths[Int($0)]) }
        }
        view.segments.removeSubrange(first...)
        add(merged, to: &view, &places)
    }

    var bytes: Int {
        view.segments.reduce(0) { $0 + $1.segment.bytes }
            + places.withLock { $0.capacity * (MemoryLayout<UUID>.stride + MemoryLayout<Place>.stride) }
    }
}
