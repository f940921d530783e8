import Crypto
import Domain
import Foundation
import NIOHTTP1
import Synchronization
import TestSupport
import Testing

/// A service with jobs, events and uploads in parts, as the API describes them, that keeps nothing but what a test asks about.
final class FakeService: Sendable {
    struct Upload: Sendable {
        var bytes: [UInt8] = []
        let size: Int
        let digest: String
        let path: String
    }

    struct State: Sendable {
        /// Every request: method and path.
        var log: [String] = []
        /// The bodies' digests by source path.
        var files: [String: String] = [:]
        /// The source path of each job.
        var jobs: [String: String] = [:]
        /// What each connection for events had seen before.
        var lastEventIDs: [String?] = []
        var uploads: [String: Upload] = [:]
        var refusals = 0
        var partsTaken = 0
    }

    /// What goes otherwise than well.
    struct Conduct: Sendable {
        /// Whether `/v1/jobs/events` is there.
        var hasEvents = true
        /// Whether events tell of jobs' ends.
        var eventsTell = true
        /// Uploads that are answered 429 before the first is taken.
        var refusals = 0
        /// Parts, counted from 1, at which the connection is cut.
        var cutParts: ClosedRange<Int>?
        /// Whether a part is taken before the connection is cut.
        var takesPartBeforeCut = false
        /// Codes of failure by file name.
        var failing: [String: String] = [:]
    }

    let state = Mutex(State())
    let conduct: Mutex<Conduct>

    init(_ conduct: Conduct = Conduct()) {
        self.conduct = Mutex(conduct)
    }

    func start() async throws -> StubServer {
        try await StubServer { self.answer($0) }
    }

    func count(_ line: String) -> Int { state.withLock { $0.log.count { $0.hasPrefix(line) } } }

    private func answer(_ request: StubServer.Request) -> StubServer.Response {
        state.withLock { $0.log.append("\(request.method) \(request.path)") }
        let parts = request.path.split(separator: "/").map(String.init)
        switch (request.method, parts.dropFirst().first ?? parts.first ?? "") {
        case (_, "health"): return json("{}")
        case (_, "assistants"): return json(#"{"id":"3b8f5a1e-0000-4000-8000-000000000001","name":"a"}"#)
        case (_, "limits"): return json(#"{"max_file_size":1000000000,"supported_file_types":["txt","md"]}"#)
        case (.GET, "files"): return json(#"{"data":[],"has_more":false}"#)
        case (.POST, "files"): return upload(request)
        case (.GET, "jobs") where parts.last == "events": return events(request)
        case (.GET, "jobs"): return job(parts.last ?? "")
        case (_, "uploads"): return parted(request, parts)
        default: return problem(404, "not_found")
        }
    }

    private func upload(_ request: StubServer.Request) -> StubServer.Response {
        let isRefused = state.withLock { state in
            guard state.refusals < conduct.withLock(\.refusals) else { return false }
            state.refusals += 1
            return true
        }
        if isRefused { return problem(429, "busy", [("Retry-After", "1")]) }
        return taken(request.query["source_path"] ?? "", SHA256.hash(data: request.body).hexadecimal)
    }

    private func taken(_ path: String, _ digest: String) -> StubServer.Response {
        let job = state.withLock { state in
            state.files[path] = digest
            let named = "job-\((path as NSString).lastPathComponent.filter(\.isNumber))"
            let job = named == "job-" || state.jobs[named] != nil ? "job-\(state.jobs.count)" : named
            state.jobs[job] = path
            return job
        }
        return json(
            #"{"id":"file-\#(job)","source_path":"\#(path)","sha256":"\#(digest)","tags":[],"state":"pending","outcome":"created","chunks":0,"job_id":"\#(job)"}"#,
            status: .accepted)
    }

    private func text(ofJob job: String) -> String {
        let path = state.withLock { $0.jobs[job] } ?? "f\(job.dropFirst("job-".count)).md"
        let code = conduct.withLock { $0.failing[(path as NSString).lastPathComponent] }
        let failure = code.map { #"{"code":"\#($0)","reason":"No good.","step":"extracting","remedy":"Mend it."}"# } ?? "null"
        return
            #"{"object":"job","id":"\#(job)","state":"\#(code == nil ? "done" : "failed")","chunks":{"total":2,"embedded":2},"failure":\#(failure)}"#
    }

    private func job(_ id: String) -> StubServer.Response { json(text(ofJob: id)) }

    /// The first connection tells half of the jobs and ends; the next ones tell the rest and stay.
    private func events(_ request: StubServer.Request) -> StubServer.Response {
        let conduct = conduct.withLock(\.self)
        guard conduct.hasEvents else { return problem(404, "not_found") }
        let lastID = request.headers.first(name: "Last-Event-ID")
        let isFirst = state.withLock { state in
            state.lastEventIDs.append(lastID)
            return state.lastEventIDs.count == 1
        }
        let headers = [("Content-Type", "text/event-stream")]
        guard conduct.eventsTell else { return StubServer.Response(headers: headers, body: ": \n\n", staysOpen: true) }
        // Jobs have the numbers of their files, so that ends may be told before an upload has been answered, and are right.
        let numbers = isFirst ? 0..<2 : ((lastID.flatMap { Int($0) } ?? -1) + 1)..<20
        let body = numbers.map { "event: job\nid: \($0)\ndata: \(text(ofJob: "job-\($0)"))\n\n" }.joined()
        return StubServer.Response(headers: headers, body: body, staysOpen: !isFirst)
    }

    private func parted(_ request: StubServer.Request, _ parts: [String]) -> StubServer.Response {
        let id = parts.count > 2 ? parts[2] : ""
        switch (request.method, parts.last) {
        case (.POST, "complete"): return completed(id)
        case (.POST, _): return opened(request)
        case (.PATCH, _): return appended(request, id)
        default:
            guard let upload = state.withLock({ $0.uploads[id] }) else { return problem(404, "upload_not_found") }
            return json(#"{"id":"\#(id)","offset":\#(upload.bytes.count),"bytes":\#(upload.size)}"#)
        }
    }

    private func opened(_ request: StubServer.Request) -> StubServer.Response {
        guard let body = try? JSONDecoder().decode([String: JSONValue].self, from: Data(request.body)),
            case .string(let digest)? = body["sha256"], case .string(let path)? = body["source_path"],
            case .integer(let size)? = body["bytes"]
        else { return problem(400, "invalid_request") }
        let id = state.withLock { state in
            let id = "up-\(state.uploads.count)"
            state.uploads[id] = Upload(size: size, digest: digest, path: path)
            return id
        }
        return json(#"{"id":"\#(id)","offset":0,"bytes":\#(size)}"#, status: .created)
    }

    private func appended(_ request: StubServer.Request, _ id: String) -> StubServer.Response {
        let conduct = conduct.withLock(\.self)
        return state.withLock { state in
            guard var upload = state.uploads[id] else { return problem(404, "upload_not_found") }
            guard request.query["offset"] == "\(upload.bytes.count)" else { return problem(409, "offset_mismatch") }
            state.partsTaken += 1
            let cuts = conduct.cutParts?.contains(state.partsTaken) == true
            if !cuts || conduct.takesPartBeforeCut { upload.bytes += request.body }
            state.uploads[id] = upload
            return cuts ? StubServer.Response(cuts: true) : json(#"{"offset":\#(upload.bytes.count)}"#)
        }
    }

    private func completed(_ id: String) -> StubServer.Response {
        guard let upload = state.withLock({ $0.uploads[id] }) else { return problem(404, "upload_not_found") }
        let digest = SHA256.hash(data: upload.bytes).hexadecimal
        guard upload.bytes.count == upload.size, digest == upload.digest else { return problem(409, "digest_mismatch") }
        return taken(upload.path, digest)
    }

    private func json(_ body: String, status: HTTPResponseStatus = .ok) -> StubServer.Response {
        StubServer.Response(status: status, headers: [("Content-Type", "application/json")], body: body)
    }

    private func problem(_ status: Int, _ code: String, _ headers: [(String, String)] = []) -> StubServer.Response {
        StubServer.Response(
            status: .init(statusCode: status), headers: headers + [("Content-Type", "application/problem+json")],
            body: #"{"code":"\#(code)","detail":"It is so.","remedy":"Do otherwise."}"#)
    }
}
