import Foundation

/// How long to wait before the same request is sent again.
struct RetrySchedule: Sendable {
    /// Tries of one request, the first one counted.
    var tries = 6
    /// The upper end of the first wait, which doubles with each.
    var base = Duration.milliseconds(500)
    /// No wait is longer, whatever the provider asks for: whoever waits is told to come back instead.
    var longest = Duration.seconds(60)

    /// What waits before the next try, from 1 on: any time up to the upper end, so that those who failed together do not come back together
    /// (full jitter; Brooker, "Exponential Backoff and Jitter", 2015).
    func wait(after tries: Int) -> Duration {
        min(longest, base * (1 << min(tries - 1, 16))) * Double.random(in: 0...1)
    }

    /// What an answer's headers ask for: `retry-after-ms`, or `Retry-After` in seconds or as a date; nil when they ask for nothing.
    static func wait(askedBy header: (String) -> String?, now: Date = Date()) -> Duration? {
        if let milliseconds = header("retry-after-ms").flatMap(Double.init), milliseconds.isFinite, milliseconds >= 0 {
            return .milliseconds(min(milliseconds, 86_400_000))
        }
        guard let text = header("retry-after") else { return nil }
        if let seconds = Double(text), seconds.isFinite { return seconds >= 0 ? .seconds(min(seconds, 86_400)) : nil }
        let format = DateFormatter()
        format.locale = Locale(identifier: "en_US_POSIX")
        format.timeZone = TimeZone(secondsFromGMT: 0)
        format.dateFormat = "EEE, dd MMM yyyy HH:mm:ss zzz"
        return format.date(from: text).map { .seconds(max(0, min($0.timeIntervalSince(now), 86_400))) }
    }
}
