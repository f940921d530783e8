import CICU

/// What ICU's detector of character sets says.
enum CharacterSetVerdict {
    /// How sure ICU is, from 0 to 1, of each encoding it considers, by the name ``EncodingGuess`` has for it.
    static func confidences(for sample: [UInt8]) -> [String: Double] {
        sample.withUnsafeBytes { buffer in
            guard let base = buffer.baseAddress?.assumingMemoryBound(to: CChar.self) else { return [:] }
            let guesses = bunko_icu_guesses_open(base, Int32(clamping: buffer.count))
            defer { bunko_icu_guesses_close(guesses) }
            var confidences: [String: Double] = [:]
            for index in 0..<guesses.count {
                guard let pointer = bunko_icu_guess_name(guesses, index) else { continue }
                let name = String(cString: pointer)
                let confidence = Double(bunko_icu_guess_confidence(guesses, index)) / 100
                for known in supersets[name] ?? [name] { confidences[known] = max(confidence, confidences[known, default: 0]) }
            }
            return confidences
        }
    }

    private static let supersets = [
        "ISO-8859-1": ["windows-1252", "ISO-8859-15", "macintosh"], "EUC-KR": ["windows-949"], "ISO-8859-8": ["windows-1255"],
        "ISO-8859-8-I": ["windows-1255"], "ISO-8859-9": ["windows-1254"], "ISO-8859-6": ["windows-1256"], "KOI8-R": ["KOI8-U"],
        "ISO-8859-2": ["ISO-8859-2", "windows-1250"],
    ]
}
