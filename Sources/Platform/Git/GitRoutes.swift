internal import AsyncAlgorithms
internal import Diagnostics
internal import HTTPTypes
internal import Hummingbird
internal import Logging
internal import NIOCore
internal import PlatformAPI
internal import ProcessRunner

/// git's smart HTTP protocol under `/<user>/<app>.git`, spoken by `git http-backend` (gitprotocol-http).
struct GitRoutes: Sendable {
    /// The answer broke off before its headers were whole, or named an error.
    struct BackendFailed: Error {
        let header: String
    }

    let ledger: Ledger
    let repositories: GitRepositories
    let logger: Logger

    func add(to router: some RouterMethods<PlatformContext>) {
        router.get("/{user}/{app}/info/refs") { request, context in
            let service = request.uri.queryParameters["service"].map(String.init) ?? ""
            guard ["git-upload-pack", "git-receive-pack"].contains(service) else {
                throw Problem(.configInvalid, status: 403, "only git's smart HTTP protocol is spoken here")
            }
            return try await serve(
                request, try context.repository(), path: "info/refs", query: "service=\(service)",
                contentType: "application/x-\(service)-advertisement")
        }
        for service in ["git-upload-pack", "git-receive-pack"] {
            router.post("/{user}/{app}/\(RouterPath(service))") { request, context in
                try await serve(
                    request, try context.repository(), path: service, query: "",
                    contentType: "application/x-\(service)-result")
            }
        }
        // `git http-backend` knows it from git 2.44 on; the service itself is as old as git.
        router.post("/{user}/{app}/git-upload-archive") { request, context in
            let app = try context.repository()
            let command = Command(
                "git", ["upload-archive", repositories.path(of: app)], environment: repositories.gitEnvironment)
            return try await serve(
                request, app, command, CGIHeader.none, contentType: "application/x-git-upload-archive-result")
        }
    }

    private func serve(
        _ request: Request, _ app: AppID, path: String, query: String, contentType: String
    ) async throws -> Response {
        let command = Command(
            "git", ["http-backend"], environment: environment(for: request, app, path: path, query: query))
        return try await serve(request, app, command, CGIHeader(), contentType: contentType)
    }

    private func serve(
        _ request: Request, _ app: AppID, _ command: Command, _ header: CGIHeader, contentType: String
    ) async throws -> Response {
        guard try await ledger.app(app) != nil, repositories.exists(app) else { throw Problem.appNotFound(app) }
        return Response(
            status: .ok, headers: [.contentType: contentType, .cacheControl: "no-cache, max-age=0, must-revalidate"],
            body: ResponseBody { writer in
                // The writer belongs to this task, and git is spoken to by another; the channel holds one piece at a time.
                let answer = AsyncThrowingChannel<[UInt8], any Error>()
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask { try await Self.converse(command, request.body, header, answer) }
                    for try await piece in answer { try await writer.write(ByteBuffer(bytes: piece)) }
                    try await group.waitForAll()
                }
                try await writer.finish(nil)
            })
    }

    /// Gives the request's body to git and its answer, without the CGI header, to the channel.
    static func converse(
        _ command: Command, _ body: some AsyncSequence<ByteBuffer, any Error> & Sendable, _ header: CGIHeader,
        _ answer: AsyncThrowingChannel<[UInt8], any Error>
    ) async throws {
        do {
            // A clone of a large repository takes its time; an hour without an end is a fault.
            _ = try await command.converse(deadline: .seconds(3600), errorOutput: .discard) { git in
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask {
                        // git waits for the rest of a body that broke off until its input ends.
                        do {
                            for try await chunk in body { try await git.write(Array(chunk.readableBytesView)) }
                        } catch {}
                        await git.finishInput()
                    }
                    var header = header
                    for try await chunk in git.output {
                        if let piece = try header.receive(chunk) { await answer.send(piece) }
                    }
                    group.cancelAll()
                }
            }
            answer.finish()
        } catch {
            answer.fail(error)
        }
    }

    /// What `git http-backend` reads of a request (RFC 3875 and git-http-backend(1)).
    private func environment(for request: Request, _ app: AppID, path: String, query: String) -> [String: String] {
        var variables = repositories.gitEnvironment
        variables["GIT_PROJECT_ROOT"] = repositories.folder
        variables["GIT_HTTP_EXPORT_ALL"] = "1"
        variables["PATH_INFO"] = "/\(app.user)/\(app.app).git/\(path)"
        variables["QUERY_STRING"] = query
        variables["REQUEST_METHOD"] = request.method.rawValue
        variables["REMOTE_USER"] = "token"
        variables["REMOTE_ADDR"] = "127.0.0.1"
        variables["CONTENT_TYPE"] = request.headers[.contentType]
        variables["CONTENT_LENGTH"] = request.headers[.contentLength]
        variables["HTTP_CONTENT_ENCODING"] = request.headers[.contentEncoding]
        variables[PushAdvice.variable] = PushAdvice.url(
            of: app, authority: request.head.authority,
            isSecure: request.headers[HTTPField.Name("X-Forwarded-Proto")!] == "https")
        variables["GIT_PROTOCOL"] = request.headers[HTTPField.Name("Git-Protocol")!]
        return variables
    }
}

extension PlatformContext {
    /// The app whose repository the path names, `<user>/<app>.git`.
    fileprivate func repository() throws -> AppID {
        let name = try parameters.require("app")
        guard name.hasSuffix(".git") else { throw Problem.notFound("there is no repository '\(name)'") }
        let id = AppID(user: try parameters.require("user"), app: String(name.dropLast(4)))
        guard AppID.isValidName(id.user), AppID.isValidName(id.app) else { throw Problem.appNotFound(id) }
        return id
    }
}

/// Takes the CGI header off a program's output.
struct CGIHeader: Sendable {
    private var pending: [UInt8]? = []

    /// For a program that writes none.
    static let none = CGIHeader(pending: nil)

    init() {}

    private init(pending: [UInt8]?) { self.pending = pending }

    /// The part of the body in this piece of output, or nil while the header goes on.
    ///
    /// - Throws: `GitRoutes.BackendFailed` when the program answers with a status of its own, which is never a success.
    mutating func receive(_ chunk: [UInt8]) throws -> [UInt8]? {
        guard let earlier = pending else { return chunk }
        let bytes = earlier + chunk
        guard let end = bytes.firstRange(of: Array("\r\n\r\n".utf8)) else {
            guard bytes.count < 65536 else { throw GitRoutes.BackendFailed(header: "the header has no end") }
            pending = bytes
            return nil
        }
        let header = String(decoding: bytes[..<end.lowerBound], as: UTF8.self)
        guard !header.lowercased().hasPrefix("status:"), !header.contains("\r\nStatus:") else {
            throw GitRoutes.BackendFailed(header: header)
        }
        pending = nil
        let body = Array(bytes[end.upperBound...])
        return body.isEmpty ? nil : body
    }
}
