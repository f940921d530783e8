import Crypto
import Domain
import Foundation
import Glibc

/// Names inside one backup: a folder with the dump, the stored files below `files`, and the manifest with its checksum.
struct BackupFolder: Sendable {
    let path: String

    static let dumpName = "database.dump"
    static let filesName = "files"

    var manifest: String { "\(path)/manifest.json" }
    var manifestChecksum: String { "\(path)/manifest.sha256" }

    func absolute(_ part: String) -> String { "\(path)/\(part)" }

    /// Reads the manifest and holds it against its checksum.
    /// - Throws: `backup_not_found`, `backup_damaged` or `backup_too_new`.
    func readManifest() throws(Problem) -> BackupManifest {
        guard let data = FileManager.default.contents(atPath: manifest) else {
            throw Problem(
                .notFound, code: "backup_not_found", "\(path) is no backup: it holds no readable manifest.json.",
                remedy: "`bunko backup list` shows what there is.", parameter: path)
        }
        let noted = FileManager.default.contents(atPath: manifestChecksum).map { String(decoding: $0, as: UTF8.self) }
        guard noted == Self.checksumLine(of: data) else {
            throw Self.damaged(path, ["manifest.json and manifest.sha256 do not fit each other"])
        }
        let manifest: BackupManifest
        do {
            manifest = try JSONDecoder().decode(BackupManifest.self, from: data)
        } catch {
            throw Problem(
                .environment, code: "backup_unreadable", "The manifest of \(path) has a form this version does not know.",
                remedy: "Use the version of bunko that made it, or a newer one.", parameter: path, underlying: error)
        }
        guard manifest.format == BackupManifest.format, manifest.format_version <= BackupManifest.formatVersion else {
            throw Problem(
                .environment, code: "backup_too_new", "\(path) was made by a newer bunko (\(manifest.bunko_version)).",
                remedy: "Use that version.", parameter: path)
        }
        return manifest
    }

    /// Writes the manifest and its checksum durably; the last step of a backup.
    func write(_ manifest: BackupManifest) throws {
        let data = try manifest.encoded()
        try DiskFile.write(data, to: self.manifest)
        try DiskFile.write(Data(Self.checksumLine(of: data).utf8), to: manifestChecksum)
    }

    /// Holds every part against its size and checksum.
    /// - Throws: `backup_damaged`, naming the parts.
    func check(_ manifest: BackupManifest) throws {
        var faults: [String] = []
        for part in [manifest.database] + manifest.files {
            guard let found = try? DiskFile.digest(of: absolute(part.path)) else {
                faults.append("\(part.path) is missing")
                continue
            }
            if found.bytes != part.bytes || found.sha256 != part.sha256 { faults.append("\(part.path) is not what was written") }
        }
        guard faults.isEmpty else { throw Self.damaged(path, faults) }
    }

    private static func damaged(_ path: String, _ faults: [String]) -> Problem {
        let shown = faults.prefix(3).joined(separator: "; ")
        let more = faults.count > 3 ? "; and \(faults.count - 3) more" : ""
        return Problem(
            .environment, code: "backup_damaged", "The backup is damaged: \(shown)\(more).", remedy: "Use another backup; check this disk.",
            parameter: path)
    }

    /// In the form `sha256sum --check` reads.
    private static func checksumLine(of data: Data) -> String {
        "\(SHA256.hash(data: data).hexadecimal)  manifest.json\n"
    }
}
