import Synchronization

/// One use of a connection, from its turn in the queue to the moment the server is ready again.
struct Operation {
    enum Kind {
        /// One statement: others wait for it.
        case statement
        /// Rows going to or coming from the caller's code: others are refused, because the caller's code may be waiting for them.
        case streaming
        /// A stream its reader gave up, being drained: others wait for it.
        case draining
    }

    /// Why the server was asked to stop.
    enum Interruption: Equatable {
        case taskCancelled
        case timedOut(Duration)
        case abandoned
    }

    let id: UInt64
    var kind: Kind
    var deadline: ContinuousClock.Instant?
    var timeout: Duration?
    var interruption: Interruption?
    var isCancelRequestUnderWay = false
    /// How often the server was asked to stop.
    var cancelRequests = 0

    private static let counter = Atomic<UInt64>(0)

    /// A number no other operation of the process has.
    static func makeID() -> UInt64 {
        counter.add(1, ordering: .relaxed).newValue
    }
}

/// What a caller says about an operation before it has its turn.
struct OperationRequest: Sendable {
    var id = Operation.makeID()
    var timeout: Duration?
    var place: CallSite
    /// Statements that end a transaction run even when their task is cancelled.
    var isShielded = false
}
