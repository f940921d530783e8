/// The identity of a committed write, by which a mirror can tell whether it has seen it.
public struct WriteToken: Sendable, Hashable {
    /// PostgreSQL's 64-bit transaction id.
    public let transactionID: UInt64

    /// Takes `pg_current_xact_id()`.
    public init(transactionID: UInt64) {
        self.transactionID = transactionID
    }
}
