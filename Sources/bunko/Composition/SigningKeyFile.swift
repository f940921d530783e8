import Accounts
import Domain
import Foundation

/// `jwt.key` in the data folder, mode 0600: signs the access tokens of an installation that was given no key.
enum SigningKeyFile {
    /// The folder's key, made when there is none.
    static func key(in directory: String) throws(Problem) -> [UInt8] {
        let path = "\(directory)/jwt.key"
        if let key = try read(path) { return key }
        try make(path)
        guard let key = try read(path) else { throw unusable(path, "it vanished after it was written") }
        return key
    }

    private static func read(_ path: String) throws(Problem) -> [UInt8]? {
        var status = stat()
        guard stat(path, &status) == 0 else {
            if errno == ENOENT { return nil }
            throw unusable(path, String(cString: strerror(errno)))
        }
        guard status.st_mode & 0o077 == 0 else {
            throw Problem(
                .environment, code: "jwt_key_readable", "\(path) can be read by other users of this machine.",
                remedy: "Remove it, which ends all access tokens, or mend its mode with chmod 600.")
        }
        guard let data = FileManager.default.contents(atPath: path) else { throw unusable(path, "it cannot be read") }
        guard data.count >= AccessTokens.minimumKeyBytes else { throw unusable(path, "it holds too little") }
        return Array(data)
    }

    /// Written under another name first and then linked, so that nobody reads half a key and two processes agree on one.
    private static func make(_ path: String) throws(Problem) {
        var generator = SystemRandomNumberGenerator()
        let key = (0..<AccessTokens.minimumKeyBytes).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
        let aside = "\(path).\(getpid())"
        unlink(aside)
        defer { unlink(aside) }
        let attributes: [FileAttributeKey: Any] = [.posixPermissions: 0o600]
        guard FileManager.default.createFile(atPath: aside, contents: Data(key.hexadecimal.utf8), attributes: attributes) else {
            throw unusable(path, "it cannot be written")
        }
        guard link(aside, path) == 0 || errno == EEXIST else { throw unusable(path, String(cString: strerror(errno))) }
    }

    private static func unusable(_ path: String, _ reason: String) -> Problem {
        Problem(
            .environment, code: "jwt_key_unusable", "The key for access tokens in \(path) is not usable: \(reason).",
            remedy: "Check the folder's permissions and free space, or set BUNKO_JWT_KEY.")
    }
}
