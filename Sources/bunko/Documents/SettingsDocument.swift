import Domain
import Foundation

/// The installation's settings as one YAML document: a member for each setting.
enum SettingsDocument {
    private static let kind = "settings"

    /// Shows what differs from the files, and changes it.
    static func apply(_ document: DocumentOptions, _ options: GlobalOptions) async throws {
        var wanted: [String: JSONValue] = [:]
        for (file, value) in try document.read() {
            guard case .object(var members) = value else {
                throw Problem(.invalidRequest, code: "document_form", "\(file) holds a document that is no mapping.", parameter: "-f")
            }
            guard members.removeValue(forKey: "kind") ?? .string(kind) == .string(kind) else { throw Problem.documentKind(file, kind) }
            wanted.merge(members) { $1 }
        }
        let given = wanted
        let run = ApplyRun(document, count: given.count)
        try await run.reported {
            try await options.withServer { client in
                let stored = try await allStored(client)
                for key in given.keys.sorted() where stored[key] == nil {
                    throw Problem.notFound("setting", key, remedy: "`bunko settings list` shows them.")
                }
                for (key, value) in given.sorted(by: { $0.key < $1.key }) {
                    guard value != stored[key]?.value else {
                        run.pass(kind, key)
                        continue
                    }
                    // The list tells no entity tags.
                    let path = APIClient.path("settings", key)
                    let (before, version) = try await client.versioned(path, as: SettingAnswer.self)
                    try await run.carryOut(kind, key, .changed, ["  \(before.value.text) → \(value.text)"]) {
                        _ = try await client.raw(.PUT, path, json: ["value": value], ifMatch: version)
                    }
                }
            }
        }
    }

    /// Prints the settings that can be changed, all of them or those named.
    static func export(_ keys: [String], _ options: GlobalOptions) async throws {
        let stored = try await options.withServer { try await allStored($0) }
        for key in keys where stored[key] == nil { throw Problem.notFound("setting", key) }
        let chosen = keys.isEmpty ? stored.values.filter { !$0.is_fixed }.map(\.id).sorted() : keys
        let members = chosen.compactMap { key in stored[key].map { (key, $0.value) } }
        Output.write(try YAMLText.text([[("kind", .string(kind))] + members]), to: STDOUT_FILENO)
    }

    private static func allStored(_ client: APIClient) async throws -> [String: SettingAnswer] {
        let page: PageAnswer<SettingAnswer> = try await client.get("/v1/settings")
        return Dictionary(uniqueKeysWithValues: page.data.map { ($0.id, $0) })
    }
}
