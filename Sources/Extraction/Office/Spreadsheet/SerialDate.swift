/// Points in time as spreadsheets count them: days, with the time of day as a fraction.
struct SerialDate {
    /// Days from 1970-01-01 (proleptic Gregorian calendar).
    private let days: Int
    /// Seconds since midnight.
    private let seconds: Int
    private static let secondsPerDay = 86_400

    /// - Parameter uses1904: whether day 0 is 1904-01-01. Else day 1 is 1900-01-01, and day 60 the 29th of February that 1900 never
    ///   had: days before it are counted one less.
    /// - Returns: nil outside the years that spreadsheets know (up to 9999).
    init?(_ serial: Double, uses1904: Bool) {
        guard serial >= 0, serial < 2_958_466 else { return nil }
        let total = Int((serial * Double(Self.secondsPerDay)).rounded())
        let day = total / Self.secondsPerDay
        seconds = total % Self.secondsPerDay
        days = uses1904 ? day - 24_107 : day - 25_569 + (day < 60 ? 1 : 0)
    }

    /// ISO 8601: `2024-01-31`, `2024-01-31T09:30` or `09:30`, with seconds where there are any.
    func text(hasDate: Bool, hasTime: Bool) -> String {
        hasDate ? date + (hasTime ? "T\(time)" : "") : time
    }

    /// A span of time as hours, minutes and seconds: `36:30:00`.
    static func duration(_ serial: Double) -> String? {
        guard serial.magnitude < 10_000_000 else { return nil }
        let total = Int((serial.magnitude * Double(secondsPerDay)).rounded())
        return (serial < 0 ? "-" : "") + "\(total / 3600):\(padded(total / 60 % 60)):\(padded(total % 60))"
    }

    private var time: String {
        let text = "\(Self.padded(seconds / 3600)):\(Self.padded(seconds / 60 % 60))"
        return seconds % 60 == 0 ? text : "\(text):\(Self.padded(seconds % 60))"
    }

    /// Years begin in March here, so that the day a leap year adds is the last.
    private var date: String {
        let shifted = days + 719_468
        let era = shifted / 146_097
        let dayOfEra = shifted % 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let month = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * month + 2) / 5 + 1
        let year = yearOfEra + era * 400 + (month >= 10 ? 1 : 0)
        return "\(year)-\(Self.padded(month < 10 ? month + 3 : month - 9))-\(Self.padded(day))"
    }

    private static func padded(_ number: Int) -> String {
        number < 10 ? "0\(number)" : String(number)
    }
}
