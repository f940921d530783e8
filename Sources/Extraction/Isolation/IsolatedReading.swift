import Foundation
import Glibc
import TextAnalysis

/// The inside of a process that reads one document: it limits itself, reads standard input and answers on standard output.
public enum IsolatedReading {
    /// The whole environment of such a process: nothing of the operator's reaches it.
    static let environment = [
        "PATH=/usr/local/bin:/usr/bin:/bin", "LC_ALL=C.UTF-8", "OPENBLAS_NUM_THREADS=1", "OMP_THREAD_LIMIT=1", "BUNKO_RESTARTED=1",
    ]

    /// The code to exit with when the vocabulary cannot be read, which is the operator's to mend.
    static let noVocabulary: Int32 = 4

    /// Does what ``IsolatedReader`` asked for in its last argument; returns the code to exit with.
    public static func run(request text: String) -> Int32 {
        closeInheritedFiles()
        guard let request = try? JSONDecoder().decode(ReadingRequest.self, from: Data(text.utf8)) else { return 2 }
        limit(request.limits)
        let output = FrameWriter()
        do {
            try read(request, to: output)
            return 0
        } catch let error as ExtractionError {
            return output.write(.failure(error)) ? 0 : 3
        } catch is VocabularyError {
            return noVocabulary
        } catch {
            return 3
        }
    }

    /// What the one who started this process had open at that moment and did not mark is nothing for a document's parser.
    private static func closeInheritedFiles() {
        let open = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")) ?? []
        for descriptor in open.compactMap(Int32.init) where descriptor > 2 { close(descriptor) }
    }

    private static func read(_ request: ReadingRequest, to output: FrameWriter) throws {
        let reader = try DocumentReader(options: request.options)
        let bytes = try input(atMost: request.options.limits.maximumBytes)
        let document = try reader.read(bytes, path: "/dev/stdin", fileName: request.fileName)
        guard output.write(.document(mediaType: document.mediaType, title: document.title)) else { return }
        var count = 0
        try reader.chunker.forEachChunk(of: document) { chunk in
            guard output.write(.chunk(chunk)) else { throw NobodyReads() }
            count += 1
        }
        _ = output.write(.end(chunks: count))
    }

    private static func input(atMost limit: Int) throws(ExtractionError) -> [UInt8] {
        var status = stat()
        guard fstat(0, &status) == 0 else { throw .damaged(format: "document", reason: "it cannot be opened") }
        let size = Int(status.st_size)
        guard size <= limit else { throw .tooLarge(bytes: size, maximumBytes: limit) }
        return [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
            count = 0
            while count < size {
                let read = pread(0, buffer.baseAddress?.advanced(by: count), size - count, off_t(count))
                if read < 0, errno == EINTR { continue }
                guard read > 0 else { return }
                count += read
            }
        }
    }

    /// From here on the process can have no more than it is granted; what it starts inherits that.
    private static func limit(_ limits: ReaderLimits) {
        set(RLIMIT_DATA, limits.memoryBytes)
        set(RLIMIT_CPU, limits.processorSeconds)
        set(RLIMIT_FSIZE, limits.fileBytes)
        set(RLIMIT_NOFILE, limits.openFiles)
        set(RLIMIT_CORE, 0)
    }

    private static func set(_ resource: __rlimit_resource, _ value: Int) {
        var limit = rlimit(rlim_cur: rlim_t(value), rlim_max: rlim_t(value))
        // The hard limit of processor time kills; the soft one says why.
        if resource == RLIMIT_CPU { limit.rlim_max += 5 }
        setrlimit(__rlimit_resource_t(resource.rawValue), &limit)
    }
}

/// Whoever asked for the document has gone.
private struct NobodyReads: Error {}

/// Writes frames to standard output, one line each.
private final class FrameWriter {
    private let encoder: JSONEncoder = {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .withoutEscapingSlashes
        return encoder
    }()

    /// False when nobody reads any more.
    func write(_ frame: ReadingFrame) -> Bool {
        guard var line = try? encoder.encode(frame) else { return false }
        line.append(0x0A)
        return line.withUnsafeBytes { buffer in
            var offset = 0
            while offset < buffer.count {
                let written = Glibc.write(1, buffer.baseAddress?.advanced(by: offset), buffer.count - offset)
                if written < 0, errno == EINTR { continue }
                guard written > 0 else { return false }
                offset += written
            }
            return true
        }
    }
}
