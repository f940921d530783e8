import ServiceLifecycle
import Synchronization

/// Hands the service group to the callback that is made before the group is.
final class GroupReference: Sendable {
    private let group = Mutex<ServiceGroup?>(nil)

    var value: ServiceGroup? { group.withLock(\.self) }

    func set(_ group: ServiceGroup) {
        self.group.withLock { $0 = group }
    }
}
