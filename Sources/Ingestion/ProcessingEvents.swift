import Domain

/// Tells in-process listeners that work has come in or that a file has reached its end.
///
/// PostgreSQL holds the truth; these signals only spare a wait. Whoever waits also looks there from time to time.
public struct ProcessingEvents: Sendable {
    /// Uploads wait to be processed; several fold into one for a worker that is busy.
    let work = Broadcast<Void>(buffering: .bufferingNewest(1))
    /// Some job has changed; several fold into one.
    public let changes = Broadcast<Void>(buffering: .bufferingNewest(1))
    /// A file is done or failed.
    let finished = Broadcast<FileID>(buffering: .bufferingNewest(10_000))

    public init() {}
}
