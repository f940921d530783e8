public import Foundation
import RowFilters

/// The documents of an index at one moment, to be written to a file while the index goes on.
public struct LexicalImage: Sendable {
    let partitions: [(id: UUID, view: LexicalPartition.View)]

    /// Writes the documents to a file, under the token of the snapshot that it is a part of. Blocks on the disk; writes some 800 bytes for a
    /// passage of 350 tokens.
    public func write(to path: String, token: UUID) throws(LexicalSnapshotError) {
        var file = try LexicalSnapshotWriter(path: path)
        try file.append(LexicalSnapshotFormat.magic)
        try file.append(LexicalSnapshotFormat.version)
        try file.append(token.uuid)
        try file.append(UInt64(partitions.count))
        for (id, view) in partitions {
            try file.append(id.uuid)
            try file.append(UInt64(view.segments.count))
            for segment in view.segments { try segment.write(to: &file) }
        }
        try file.finish()
    }
}

extension LexicalIndex {
    /// The documents as they are now. Costs nothing: what is searched never changes.
    public func image() -> LexicalImage {
        LexicalImage(partitions: all.map { (id: $0.key, view: $0.value.view) })
    }

    /// The index that was written to a file under this token. Blocks on the disk; reads some hundred thousand passages a second.
    /// - Throws: when the file is not there, is another, or does not hold what it should: nothing in it is trusted.
    public convenience init(
        contentsOf path: String, token: UUID, parameters: Parameters = Parameters()
    ) throws(LexicalSnapshotError) {
        let file: Data
        do {
            file = try Data(contentsOf: URL(filePath: path), options: .alwaysMapped)
        } catch {
            throw .system(path: path, operation: "reading it", code: (error as? CocoaError)?.code == .fileReadNoSuchFile ? ENOENT : EIO)
        }
        let partitions = try file.bytes.withUnsafeBytes { bytes throws(LexicalSnapshotError) in
            try Self.partitions(of: LexicalSnapshotReader(path: path, bytes: bytes), token)
        }
        self.init(parameters: parameters, partitions)
    }

    private static func partitions(
        of reader: LexicalSnapshotReader, _ token: UUID
    ) throws(LexicalSnapshotError) -> [UUID: LexicalPartition] {
        var reader = reader
        guard try reader.value(UInt64.self) == LexicalSnapshotFormat.magic else { throw reader.damaged("it does not start as it should") }
        guard try reader.value(UInt32.self) == LexicalSnapshotFormat.version else { throw .unsupported(path: reader.path) }
        guard UUID(uuid: try reader.value()) == token else { throw reader.damaged("it is a part of another snapshot") }
        var partitions: [UUID: LexicalPartition] = [:]
        for _ in 0..<(try reader.count()) {
            let id = UUID(uuid: try reader.value())
            var segments: [LiveSegment] = []
            for _ in 0..<(try reader.count()) { segments.append(try LiveSegment(&reader)) }
            guard let partition = LexicalPartition(segments), partitions.updateValue(partition, forKey: id) == nil else {
                throw reader.damaged("an id is there twice")
            }
        }
        try reader.finish()
        return partitions
    }
}

extension LiveSegment {
    fileprivate func write(to file: inout LexicalSnapshotWriter) throws(LexicalSnapshotError) {
        var attributes: [UInt8] = []
        segment.attributes.encode(live) { attributes.append(contentsOf: $0) }
        let content = segment.content
        for count in [content.ids.count, content.hashes.count, content.documents.count, attributes.count] {
            try file.append(UInt64(count))
        }
        try file.append(contentsOf: content.ids.map(\.uuid))
        try file.append(contentsOf: content.lengths)
        try file.append(contentsOf: content.fingerprints)
        try file.append(contentsOf: live.words)
        try file.append(contentsOf: content.hashes)
        try file.append(contentsOf: content.starts)
        try file.append(contentsOf: content.documents)
        try file.append(contentsOf: content.counts)
        try file.append(contentsOf: attributes)
    }

    fileprivate init(_ reader: inout LexicalSnapshotReader) throws(LexicalSnapshotError) {
        let start = reader.offset
        let (documents, terms, postings, bytes) = (try reader.count(), try reader.count(), try reader.count(), try reader.count())
        var content = SegmentContent()
        content.ids = try reader.array(uuid_t.self, count: documents).map(UUID.init(uuid:))
        content.lengths = try reader.array(Float.self, count: documents)
        content.fingerprints = try reader.array(UInt64.self, count: documents)
        let live = Bitmap(words: try reader.array(UInt64.self, count: (documents + 63) / 64))
        content.hashes = try reader.array(UInt64.self, count: terms)
        content.starts = try reader.array(UInt32.self, count: terms + 1)
        content.documents = try reader.array(UInt32.self, count: postings)
        content.counts = try reader.array(UInt8.self, count: postings)
        guard live.slots.last.map({ Int($0) < documents }) ?? true, content.isSound else {
            throw reader.damaged("a segment contradicts itself", at: start)
        }
        let place = reader.offset
        let attributes = try reader.part(bytes)
        do throws(AttributeDamage) {
            self.init(Segment(content, try AttributeWriter(decoding: attributes, of: live)), live: live)
        } catch {
            throw reader.damaged(error.reason, at: place + error.offset)
        }
    }
}
