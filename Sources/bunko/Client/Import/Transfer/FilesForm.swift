import Foundation

/// Small files as one body of `multipart/form-data` (RFC 7578), their paths as the names of its parts.
struct FilesForm {
    let body: [UInt8]
    let contentType: String

    init(_ reads: [LocalFile.Read]) {
        // No content holds what was drawn at random after it was read.
        let boundary = "bunko-\(UUID().uuidString.lowercased())"
        var body: [UInt8] = []
        for read in reads {
            let disposition = "form-data; name=\"file\"; filename*=UTF-8''\(Self.encoded(read.file.path))"
            body += "--\(boundary)\r\nContent-Disposition: \(disposition)\r\n\r\n".utf8
            body += read.bytes ?? []
            body += "\r\n".utf8
        }
        body += "--\(boundary)--\r\n".utf8
        self.body = body
        contentType = "multipart/form-data; boundary=\(boundary)"
    }

    /// RFC 5987: every byte that is not a letter, a digit or one of a few marks as `%XX`, so that a name of any characters is one header.
    private static func encoded(_ text: String) -> String {
        text.addingPercentEncoding(withAllowedCharacters: plain) ?? ""
    }

    private static let plain = CharacterSet(charactersIn: "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~/")
}
