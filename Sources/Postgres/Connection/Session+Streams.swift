import CPostgres
import Dispatch

/// Rows in batches, asked for one batch after the other.
extension Session {
    /// How many rows, and how many bytes of COPY, one batch holds at most.
    private static let batchRows = 256
    private static let batchBytes = 256 * 1024
    /// How long a batch of COPY waits for more. The server sends 8 KiB at a time, and waking up for each costs more than the rows in it;
    /// at 250 MB a second it fills the socket's buffer (some 150 KiB) in this time.
    private static let batchPause = DispatchTimeInterval.microseconds(600)

    /// Sends a statement whose rows ``nextRows(_:)`` will fetch.
    func openStream(_ statement: BoundStatement, _ request: OperationRequest) async throws {
        try await begin(request, kind: .streaming)
        try await step(request, statement.text) { session throws(PostgresError) in
            try await session.send(statement)
            _ = PQsetSingleRowMode(session.handle.pointer)
        }
    }

    /// The next rows; none at the end.
    func nextRows(_ request: OperationRequest, text: String) async throws -> [PostgresRow] {
        try await step(request, text) { session throws(PostgresError) in
            var rows: [PostgresRow] = []
            while rows.count < Self.batchRows {
                if !rows.isEmpty, PQisBusy(session.handle.pointer) == 1 { break }
                guard let result = try await session.nextResult() else { break }
                if let error = result.error {
                    _ = try await session.collect()
                    throw error
                }
                rows.append(contentsOf: result.rows)
            }
            session.reader?.set(on: false)
            return rows
        }
    }

    /// Starts COPY … TO STDOUT.
    func openCopyOut(_ text: String, _ request: OperationRequest) async throws {
        try await begin(request, kind: .streaming)
        try await startCopy(text, request, expecting: PGRES_COPY_OUT)
    }

    /// The next messages of COPY one after the other, and their lengths; empty at the end.
    func nextCopyMessages(_ request: OperationRequest, text: String) async throws -> CopyBatch {
        try await step(request, text) { session throws(PostgresError) in
            var batch = CopyBatch()
            var hasPaused = false
            reading: while batch.bytes.count < Self.batchBytes {
                if batch.bytes.isEmpty {
                    guard try await session.copyMessage({ batch.append($0) }) else { break }
                    batch.bytes.reserveCapacity(Self.batchBytes + Self.batchBytes / 8)
                    continue
                }
                switch session.nextBufferedCopyMessage({ batch.append($0) }) {
                case true?: continue
                case false?: break reading
                case nil:
                    // The socket without waiting, and once more when the server has had time to fill it.
                    if session.readMore() { continue }
                    if hasPaused { break reading }
                    hasPaused = true
                    await session.pause(Self.batchPause)
                }
            }
            if batch.bytes.isEmpty { _ = try await session.collect() }
            session.reader?.set(on: false)
            return batch
        }
    }

    /// Starts COPY … FROM STDIN.
    func openCopyIn(_ text: String, _ request: OperationRequest) async throws {
        try await begin(request, kind: .streaming)
        try await startCopy(text, request, expecting: PGRES_COPY_IN)
    }

    /// Sends a piece of COPY data and returns when the socket has taken it: that is the back-pressure.
    func putCopy(_ bytes: [UInt8], _ request: OperationRequest, text: String) async throws {
        try await step(request, text) { session throws(PostgresError) in
            let taken = bytes.withUnsafeBytes { raw in
                PQputCopyData(session.handle.pointer, raw.baseAddress?.assumingMemoryBound(to: CChar.self), Int32(raw.count))
            }
            guard taken == 1 else { throw session.sendFailure() }
            try await session.flush()
        }
    }

    /// Ends COPY … FROM STDIN, with a reason to make the server discard everything, and returns the number of rows.
    func endCopyIn(_ request: OperationRequest, text: String, failure: String?) async throws -> Int {
        let rows = try await step(request, text) { session throws(PostgresError) in
            guard PQputCopyEnd(session.handle.pointer, failure) == 1 else { throw session.sendFailure() }
            try await session.flush()
            return try await session.collect()?.affectedRows ?? 0
        }
        await end(request.id)
        return rows
    }

    private func startCopy(_ text: String, _ request: OperationRequest, expecting status: ExecStatusType) async throws {
        try await step(request, text) { session throws(PostgresError) in
            guard PQsendQuery(session.handle.pointer, text) == 1 else { throw session.sendFailure() }
            try await session.flush()
            let result = try await session.nextResult()
            guard result?.status == status else {
                _ = try await session.collect()
                throw result?.error ?? PostgresError(code: .invalidStatement, message: "the statement did not start a COPY")
            }
        }
    }

    /// One step of a stream. A failure ends the whole operation.
    private func step<R: Sendable>(
        _ request: OperationRequest, _ text: String, _ body: (isolated Session) async throws(PostgresError) -> R
    ) async throws -> R {
        do throws(PostgresError) {
            if let lost { throw lost }
            guard active?.id == request.id else {
                throw PostgresError(code: .invalidStatement, message: "the stream has already ended")
            }
            return try await body(self)
        } catch {
            let translated = translate(error.at(request.place, statement: text), request)
            await end(request.id)
            throw translated
        }
    }

    /// Ends a stream wherever it stands: what the server still has to send is stopped and thrown away.
    func closeStream(_ id: UInt64) async {
        guard active?.id == id else { return }
        active?.kind = .draining
        if handle.transactionStatus == PQTRANS_ACTIVE { interrupt(id, .abandoned) }
        _ = try? await collect()
        await end(id)
    }

    /// As ``closeStream(_:)`` for a reader that cannot wait. Statements that come after this call wait for the draining.
    nonisolated func abandonStream(_ id: UInt64) {
        executor.queue.async {
            self.assumeIsolated { session in
                guard session.active?.id == id else { return }
                session.active?.kind = .draining
                // A task of its own, because the reader is gone and nobody is there to await the draining.
                Task { await session.closeStream(id) }
            }
        }
    }
}

/// Messages of COPY, one after the other.
struct CopyBatch: Sendable {
    var bytes: [UInt8] = []
    var ends: [Int] = []

    mutating func append(_ message: UnsafeRawBufferPointer) {
        bytes.append(contentsOf: message)
        ends.append(bytes.count)
    }
}
