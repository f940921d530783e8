/// Why a file of an embedding model cannot be used.
public struct ModelFileError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The file's path.
    public let path: String
    /// What is wrong, as a clause.
    public let reason: String

    /// One line for a person, with what to do.
    public var description: String {
        "The model's file \(path) cannot be used: \(reason). Run scripts/setup.sh, which obtains the model, or choose another."
    }
}
