import Domain
import Foundation

/// `server.json` in the data folder, mode 0600: where the running server listens and how commands on this machine get in.
struct ServerFile: Codable, Sendable {
    let address: String
    let token: String
    let pid: Int32

    private static func path(_ directory: String) -> String { "\(directory)/server.json" }

    /// The file's content, if there is a readable one.
    static func read(in directory: String) -> ServerFile? {
        guard let data = FileManager.default.contents(atPath: path(directory)) else { return nil }
        return try? JSONDecoder().decode(ServerFile.self, from: data)
    }

    /// Writes it under another name first, so that nobody reads half a file or one with wider permissions.
    func write(in directory: String) throws(Problem) {
        let aside = "\(directory)/.server.json.\(pid)"
        do {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            let data = try encoder.encode(self)
            unlink(aside)
            guard FileManager.default.createFile(atPath: aside, contents: data, attributes: [.posixPermissions: 0o600]) else {
                throw CocoaError(.fileWriteUnknown)
            }
            guard rename(aside, Self.path(directory)) == 0 else { throw CocoaError(.fileWriteUnknown) }
        } catch {
            throw Problem(
                .environment, code: "server_file_not_written", "server.json cannot be written in \(directory).",
                remedy: "Check the folder's permissions and free space.", underlying: error)
        }
    }

    /// Removes the file, if it is still this server's.
    func remove(in directory: String) {
        if Self.read(in: directory)?.token == token { unlink(Self.path(directory)) }
    }
}
