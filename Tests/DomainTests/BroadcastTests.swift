import Domain
import Testing

@Suite struct BroadcastTests {
    @Test func `Every listener gets what is sent after it began to listen`() async {
        let broadcast = Broadcast<Int>(buffering: .unbounded)
        broadcast.send(0)
        let (first, second) = (broadcast.values(), broadcast.values())
        for value in 1...3 { broadcast.send(value) }
        for stream in [first, second] {
            var seen: [Int] = []
            for await value in stream {
                seen.append(value)
                if value == 3 { break }
            }
            #expect(seen == [1, 2, 3])
        }
    }

    @Test func `A busy listener keeps the newest of what it may buffer`() async {
        let broadcast = Broadcast<Int>(buffering: .bufferingNewest(1))
        let stream = broadcast.values()
        for value in 1...5 { broadcast.send(value) }
        #expect(await stream.first { _ in true } == 5)
    }

    @Test func `Cancelling the task that reads ends its stream`() async {
        let broadcast = Broadcast<Int>(buffering: .unbounded)
        let stream = broadcast.values()
        let reader = Task { await stream.first { _ in false } }
        reader.cancel()
        #expect(await reader.value == nil)
        broadcast.send(1)
    }

    @Test func `A cancelled wait says so and is short`() async {
        let waiting = Task {
            var backoff = Backoff()
            while await backoff.wait() {}
            return true
        }
        waiting.cancel()
        #expect(await waiting.value)
    }
}
