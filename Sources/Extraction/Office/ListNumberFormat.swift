/// How a number of a list is written (`w:numFmt`, ECMA-376 part 1, 17.18.59).
enum ListNumberFormat {
    /// `number` in the format called `name`; decimal for formats that are not known and for numbers a format cannot write.
    static func text(_ number: Int, format name: String) -> String {
        written(number, format: name) ?? String(number)
    }

    private static func written(_ number: Int, format name: String) -> String? {
        switch name {
        case "lowerLetter": letter(number, "abcdefghijklmnopqrstuvwxyz")
        case "upperLetter": letter(number, "ABCDEFGHIJKLMNOPQRSTUVWXYZ")
        case "lowerRoman": roman(number)?.lowercased()
        case "upperRoman": roman(number)
        case "decimalZero": number < 10 ? "0\(number)" : nil
        case "ordinal": ordinal(number)
        case "numberInDash": "- \(number) -"
        case "none": ""
        default: eastAsian(number, format: name)
        }
    }

    private static func eastAsian(_ number: Int, format name: String) -> String? {
        switch name {
        case "decimalFullWidth", "decimalFullWidth2": fullWidth(number)
        case "decimalEnclosedCircle", "decimalEnclosedCircleChinese": circled(number)
        case "aiueo", "aiueoFullWidth": sign(number, "アイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワヲン")
        case "iroha", "irohaFullWidth": sign(number, "イロハニホヘトチリヌルヲワカヨタレソツネナラムウヰノオクヤマケフコエテアサキユメミシヱヒモセス")
        case "ganada": sign(number, "가나다라마바사아자차카타파하")
        case "chosung": sign(number, "ㄱㄴㄷㄹㅁㅂㅅㅇㅈㅊㅋㅌㅍㅎ")
        case "ideographTraditional": sign(number, "甲乙丙丁戊己庚辛壬癸")
        case "japaneseCounting", "chineseCounting", "chineseCountingThousand", "taiwaneseCounting", "taiwaneseCountingThousand",
            "ideographDigital", "japaneseDigitalTenThousand", "koreanDigital2":
            counted(number, digits: "一二三四五六七八九", ten: "十")
        case "koreanCounting", "koreanDigital": counted(number, digits: "일이삼사오육칠팔구", ten: "십")
        default: nil
        }
    }

    /// a … z, aa, bb …: the letter is repeated, as Word does.
    private static func letter(_ number: Int, _ alphabet: String) -> String? {
        guard (1...780).contains(number) else { return nil }
        return sign((number - 1) % 26 + 1, alphabet).map { String(repeating: $0, count: (number - 1) / 26 + 1) }
    }

    private static func sign(_ number: Int, _ signs: String) -> String? {
        guard number >= 1 else { return nil }
        return signs.dropFirst(number - 1).first.map { String($0) }
    }

    private static func roman(_ number: Int) -> String? {
        guard (1..<4000).contains(number) else { return nil }
        let values = [1000, 900, 500, 400, 100, 90, 50, 40, 10, 9, 5, 4, 1]
        let signs = ["M", "CM", "D", "CD", "C", "XC", "L", "XL", "X", "IX", "V", "IV", "I"]
        var rest = number
        var text = ""
        for (value, sign) in zip(values, signs) {
            text += String(repeating: sign, count: rest / value)
            rest %= value
        }
        return text
    }

    private static func ordinal(_ number: Int) -> String {
        let isTeen = (11...13).contains(number % 100)
        let ending = isTeen ? "th" : [1: "st", 2: "nd", 3: "rd"][number % 10] ?? "th"
        return "\(number)\(ending)"
    }

    private static func fullWidth(_ number: Int) -> String? {
        guard number >= 0 else { return nil }
        return String(String.UnicodeScalarView(String(number).unicodeScalars.compactMap { Unicode.Scalar($0.value - 0x30 + 0xFF10) }))
    }

    private static func circled(_ number: Int) -> String? {
        guard (1...20).contains(number) else { return nil }
        return Unicode.Scalar(0x2460 + UInt32(number) - 1).map { String(Character($0)) }
    }

    /// 1 to 99 in the way numbers are spoken: 一, 十, 十一, 二十三.
    private static func counted(_ number: Int, digits: String, ten: String) -> String? {
        guard (1...99).contains(number) else { return nil }
        let tens = number / 10
        return (tens > 1 ? sign(tens, digits) ?? "" : "") + (tens > 0 ? ten : "") + (sign(number % 10, digits) ?? "")
    }
}
