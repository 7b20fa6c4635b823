internal import Artifacts
internal import Diagnostics
internal import HTTPTypes
internal import Hummingbird
internal import Logging
internal import NIOCore
internal import PlatformAPI

/// Lets only those in who hold the token, as a bearer token or as a Basic password (git, docker).
struct Authentication: RouterMiddleware {
    let token: String

    @concurrent func handle(
        _ request: Request, context: PlatformContext,
        next: @concurrent (Request, PlatformContext) async throws -> Response
    ) async throws -> Response {
        if request.uri.path == "/healthz" || isAuthorized(request.headers[.authorization]) {
            return try await next(request, context)
        }
        var problem = Problem(
            .unauthenticated, status: 401,
            request.headers[.authorization] == nil
                ? "this platform wants a token" : "the token is not one of this platform's",
            hint: "git bim login <remote>")
        problem.instance = request.uri.path
        return try json(
            problem, status: .unauthorized,
            headers: [.contentType: Problem.mediaType, .wwwAuthenticate: "Basic realm=\"bim\", charset=\"UTF-8\""])
    }

    private func isAuthorized(_ header: String?) -> Bool {
        guard let header, let space = header.firstIndex(of: " ") else { return false }
        let value = header[header.index(after: space)...]
        switch header[..<space].lowercased() {
        case "bearer": return isToken(value.utf8)
        case "basic":
            guard let decoded = Base64.decode(String(value)), let colon = decoded.firstIndex(of: UInt8(ascii: ":"))
            else { return false }
            return isToken(decoded[(colon + 1)...])
        default: return false
        }
    }

    /// Compares in a time that does not depend on where the first difference is.
    private func isToken(_ candidate: some Collection<UInt8>) -> Bool {
        let expected = Array(token.utf8)
        guard candidate.count == expected.count else { return false }
        return zip(candidate, expected).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
    }
}

/// Takes the body off a failure that answers HEAD (RFC 9110, 9.3.2): a client would take it for the next answer.
struct HeadResponses: RouterMiddleware {
    @concurrent func handle(
        _ request: Request, context: PlatformContext,
        next: @concurrent (Request, PlatformContext) async throws -> Response
    ) async throws -> Response {
        var response = try await next(request, context)
        if request.method == .head, response.status.code >= 400 { response.body = ResponseBody() }
        return response
    }
}

/// Turns every error into problem details (RFC 9457), so that no route answers in another form.
struct ProblemResponses: RouterMiddleware {
    let logger: Logger

    @concurrent func handle(
        _ request: Request, context: PlatformContext,
        next: @concurrent (Request, PlatformContext) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch let error as any HTTPResponseError {
            let detail = error.status == .notFound ? "there is nothing at '\(request.uri.path)'" : "\(error)"
            return try response(
                Problem(error.status == .notFound ? .appNotFound : .configInvalid, status: error.status.code, detail),
                to: request)
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            let problem = ErrorTranslation.problem(for: error)
            if problem.status >= 500 { logger.error("\(request.method) \(request.uri.path): \(error)") }
            return try response(problem, to: request)
        }
    }

    private func response(_ problem: Problem, to request: Request) throws -> Response {
        var problem = problem
        problem.instance = request.uri.path
        var headers: HTTPFields = [.contentType: Problem.mediaType]
        // Most deployments are over within this time; how long the holder takes nobody knows.
        if problem.code == .deployInProgress { headers[.retryAfter] = "5" }
        return try json(problem, status: .init(code: problem.status), headers: headers)
    }
}
