/// One thing a check-up looked at.
public struct Finding: Sendable, Codable {
    /// How it stands.
    public enum Status: String, Sendable, Codable, CaseIterable {
        case ok
        /// Works, but not as it should.
        case warning
        /// Keeps the service from working.
        case failure
    }

    public let subject: String
    public let status: Status
    /// What was found.
    public let detail: String
    /// What to do, when there is something to do.
    public let remedy: String?

    public init(_ subject: String, _ status: Status, _ detail: String, remedy: String? = nil) {
        self.subject = subject
        self.status = status
        self.detail = detail
        self.remedy = remedy
    }
}
