import Glibc

/// The oldest encryption of PDF (ISO 32000-1, 7.6: standard handler, revision 2, RC4 with 40 bits).
public struct PDFEncryption: Sendable {
    private let key: [UInt8]
    /// What the trailer says about it.
    let entries: String

    private static let padding: [UInt8] = [
        0x28, 0xBF, 0x4E, 0x5E, 0x4E, 0x75, 0x8A, 0x41, 0x64, 0x00, 0x4E, 0x56, 0xFF, 0xFA, 0x01, 0x08,
        0x2E, 0x2E, 0x00, 0xB6, 0xD0, 0x68, 0x3E, 0x80, 0x2F, 0x0C, 0xA9, 0xFE, 0x64, 0x53, 0x69, 0x7A,
    ]

    /// - Parameter userPassword: empty for a file that everybody may open though not copy from.
    public init(userPassword: String, ownerPassword: String) {
        func padded(_ password: String) -> [UInt8] { Array((Array(password.utf8) + Self.padding).prefix(32)) }
        let identifier: [UInt8] = Array("0123456789abcdef".utf8)
        let owner = rc4(padded(userPassword), key: Array(md5(padded(ownerPassword)).prefix(5)))
        let permissions = Int32(-64)
        let bits = withUnsafeBytes(of: permissions.littleEndian, Array.init)
        key = Array(md5(padded(userPassword) + owner + bits + identifier).prefix(5))
        let user = rc4(Self.padding, key: key)
        entries =
            "/Encrypt<</Filter/Standard/V 1/R 2/O<\(Self.hex(owner))>/U<\(Self.hex(user))>/P \(permissions)>>"
            + "/ID[<\(Self.hex(identifier))><\(Self.hex(identifier))>]"
    }

    /// The object with the data of its stream encrypted.
    func encrypted(_ object: [UInt8], number: Int) -> [UInt8] {
        let (begin, end) = (Array("stream\n".utf8), Array("\nendstream".utf8))
        guard let start = object.firstRange(of: begin), let stop = object.firstRange(of: end) else { return object }
        let objectKey = md5(key + [UInt8(number & 0xFF), UInt8(number >> 8 & 0xFF), 0, 0, 0]).prefix(10)
        let data = rc4(Array(object[start.upperBound..<stop.lowerBound]), key: Array(objectKey))
        return object[..<start.upperBound] + data + object[stop.lowerBound...]
    }

    private static func hex(_ bytes: [UInt8]) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}

private func rc4(_ bytes: [UInt8], key: [UInt8]) -> [UInt8] {
    var state = Array(UInt8.min...UInt8.max)
    var other: UInt8 = 0
    for index in 0..<256 {
        other = other &+ state[index] &+ key[index % key.count]
        state.swapAt(index, Int(other))
    }
    var index: UInt8 = 0
    other = 0
    return bytes.map { byte in
        index &+= 1
        other = other &+ state[Int(index)]
        state.swapAt(Int(index), Int(other))
        return byte ^ state[Int(state[Int(index)] &+ state[Int(other)])]
    }
}

/// RFC 1321.
private func md5(_ message: [UInt8]) -> [UInt8] {
    var bytes = message + [0x80]
    while bytes.count % 64 != 56 { bytes.append(0) }
    bytes += withUnsafeBytes(of: UInt64(message.count * 8).littleEndian, Array.init)
    var state: [UInt32] = [0x6745_2301, 0xEFCD_AB89, 0x98BA_DCFE, 0x1032_5476]
    for start in stride(from: 0, to: bytes.count, by: 64) { md5Block(bytes[start..<(start + 64)], &state) }
    return state.flatMap { withUnsafeBytes(of: $0.littleEndian, Array.init) }
}

private func md5Block(_ block: ArraySlice<UInt8>, _ state: inout [UInt32]) {
    let words = (0..<16).map { word in
        (0..<4).reduce(UInt32(0)) { $0 | UInt32(block[block.startIndex + word * 4 + $1]) << UInt32($1 * 8) }
    }
    let shifts: [[UInt32]] = [[7, 12, 17, 22], [5, 9, 14, 20], [4, 11, 16, 23], [6, 10, 15, 21]]
    var (a, b, c, d) = (state[0], state[1], state[2], state[3])
    for step in 0..<64 {
        let (mix, word): (UInt32, Int) =
            switch step / 16 {
            case 0: (b & c | ~b & d, step)
            case 1: (d & b | ~d & c, (5 * step + 1) % 16)
            case 2: (b ^ c ^ d, (3 * step + 5) % 16)
            default: (c ^ (b | ~d), 7 * step % 16)
            }
        let sum = a &+ mix &+ words[word] &+ UInt32(abs(sin(Double(step + 1))) * 4_294_967_296)
        let shift = shifts[step / 16][step % 4]
        (a, d, c, b) = (d, c, b, b &+ (sum << shift | sum >> (32 - shift)))
    }
    for (index, value) in [a, b, c, d].enumerated() { state[index] = state[index] &+ value }
}
