import Glibc

/// Finds programs of the system.
enum ProgramSearch {
    /// The program's absolute path.
    /// - Parameter package: what brings it, for the operator.
    static func path(of program: String, package: String, in folders: [String]) throws(ExtractionError) -> String {
        let paths = folders.map { "\($0)/\(program)" }
        guard let path = paths.first(where: { access($0, X_OK) == 0 }) else {
            throw .programMissing(program: program, package: package)
        }
        return path
    }
}
