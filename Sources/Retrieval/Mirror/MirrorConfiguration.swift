public import Foundation
public import VectorIndex

/// How a replica of the index loads, follows and keeps itself.
public struct MirrorConfiguration: Sendable {
    /// Where snapshots lie; nil: none are kept, and each start reads every row from the database.
    public var folder: URL?
    /// How much memory the index may take; nil: as much as it needs.
    public var memory: MemoryBudget?
    /// Between two snapshots, when there were changes.
    public var snapshotInterval = Duration.seconds(600)
    /// How long the outbox keeps what a registered replica has not seen.
    public var outboxLimit = Duration.seconds(86_400)
    /// Between two looks at the outbox that nothing gave cause for.
    public var pollInterval = Duration.seconds(1)
    /// Between two times the outbox is pruned and the replica's position taken down.
    public var upkeepInterval = Duration.seconds(10)
    /// Connections that read rows side by side when everything is loaded.
    public var connections = 2
    /// Threads the index is trained on.
    public var workers = 2

    /// One in so many changes is lost on its way into the index: tests of faults must notice it.
    @_spi(Faults) public var lostChanges: Int?

    /// The defaults of a server, without a folder.
    public init(folder: URL? = nil) {
        self.folder = folder
    }
}
