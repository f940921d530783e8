/// Which encoding of before Unicode a text without any declaration is in.
///
/// Every candidate that decodes a sample of the text is scored by how the result reads (``Plausibility``), and ICU's own verdict, which
/// knows the letter sequences of many languages, adds to it: for a few words the first decides, for pages the second can.
enum EncodingGuess {
    private static let sampleLength = 16 << 10
    private static let leastScore = 0.15

    /// ICU's names of the encodings that `bytes` may be in, likeliest first; none where nothing reads like text.
    static func candidates(for bytes: [UInt8]) -> [String] {
        let sample = sample(of: bytes)
        let verdicts = CharacterSetVerdict.confidences(for: sample)
        let scored = known.enumerated().compactMap { rank, name -> (name: String, score: Double)? in
            guard let scalars = CharacterConverter.scalars(of: sample[...], from: name) else { return nil }
            let plausibility = Plausibility.score(scalars)
            guard plausibility >= leastScore else { return nil }
            // Rank decides between encodings that read alike.
            return (name, plausibility + 0.3 * verdicts[name, default: 0] - 0.005 * Double(rank))
        }
        return scored.sorted { $0.score > $1.score }.map(\.name)
    }

    /// Whether text that is declared to be in `encoding` reads like text in it, and in no other encoding far better.
    static func isCredible(_ encoding: String, for bytes: [UInt8]) -> Bool {
        let sample = sample(of: bytes)
        func plausibility(_ name: String) -> Double? {
            CharacterConverter.scalars(of: sample[...], from: name).map(Plausibility.score)
        }
        guard let declared = plausibility(encoding), declared >= 0 else { return false }
        return declared >= 0.6 || known.allSatisfy { plausibility($0) ?? -3 < declared + 0.4 }
    }

    /// The first lines with more than ASCII, as only they tell encodings apart; a line end stands for itself in each.
    private static func sample(of bytes: [UInt8]) -> [UInt8] {
        var sample: [UInt8] = []
        var start = 0
        while sample.count < sampleLength, let first = bytes[start...].firstIndex(where: { $0 >= 0x80 }) {
            let lineStart = bytes[start..<first].lastIndex { $0 == 0x0A || $0 == 0x0D }.map { $0 + 1 } ?? start
            let end = bytes[first...].firstIndex { $0 == 0x0A || $0 == 0x0D } ?? bytes.count
            // Before the first such byte of a line every byte is a character of its own.
            sample += bytes[max(lineStart, first - 256)..<min(end, first + sampleLength)]
            sample.append(0x0A)
            start = end
        }
        return sample
    }

    /// Each includes the older and smaller sets of its kind: windows-1252 Latin-1, windows-949 EUC-KR, GB18030 GB2312 and GBK.
    private static let known = [
        "windows-1252", "Shift_JIS", "windows-949", "EUC-JP", "GB18030", "Big5", "windows-1251", "windows-1250", "ISO-8859-2", "KOI8-U",
        "windows-1253", "ISO-8859-7", "windows-1254", "windows-1257", "windows-1255", "windows-1256", "windows-874", "ISO-8859-5",
        "ISO-8859-15", "ibm-866", "macintosh",
    ]
}
