public import Domain
import Synchronization

/// Takes down the last write that is committed while it is in force, so that a caller can be told what to ask an index for.
public final class WriteLog: Sendable {
    /// The log of the current task; none unless somebody wants to know, since it costs each write a round trip.
    @TaskLocal public static var current: WriteLog?

    private let token = Mutex<WriteToken?>(nil)

    public init() {}

    /// The last write; whoever has seen it has seen those before it, too, since one was committed before the other began.
    public var last: WriteToken? { token.withLock { $0 } }

    func record(_ write: WriteToken) {
        token.withLock { $0 = write }
    }
}
