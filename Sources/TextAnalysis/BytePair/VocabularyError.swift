/// Why a file of vocabulary cannot be used.
public struct VocabularyError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The file's name as it was given.
    public let file: String
    /// The line at fault, from 1; nil where it is the file as a whole.
    public let line: Int?
    /// What is wrong, as a clause.
    public let reason: String
    /// What to do, as a sentence.
    public let remedy: String

    /// One line for a person.
    public var description: String {
        "The vocabulary \(file) cannot be used: \(line.map { "in line \($0) " } ?? "")\(reason). \(remedy)"
    }
}
