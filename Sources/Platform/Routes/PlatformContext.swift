internal import Artifacts
internal import Diagnostics
internal import HTTPTypes
internal import Hummingbird
internal import NIOCore
internal import PlatformAPI

/// The request context of every route.
struct PlatformContext: RequestContext {
    var coreContext: CoreRequestContextStorage

    init(source: ApplicationRequestContextSource) {
        coreContext = .init(source: source)
    }

    /// The app that the path names.
    ///
    /// - Throws: `Problem` with `APP_NOT_FOUND` for names that no app can have.
    func app() throws -> AppID {
        let id = AppID(user: try parameters.require("user"), app: try parameters.require("app"))
        guard AppID.isValidName(id.user), AppID.isValidName(id.app) else { throw Problem.appNotFound(id) }
        return id
    }

    /// The environment that the path names.
    func environment() throws -> EnvironmentID {
        EnvironmentID(app: try app(), name: try parameters.require("environment"))
    }
}

extension Problem {
    static func appNotFound(_ id: AppID) -> Problem {
        Problem(
            .appNotFound, status: 404, "there is no app '\(id)' here", hint: "git push creates an app of 'bim::local'")
    }

    static func invalid(_ detail: String, hint: String? = nil) -> Problem {
        Problem(.configInvalid, status: 422, detail, hint: hint)
    }

    static func noEnvironment(_ id: EnvironmentID) -> Problem {
        Problem(
            .appNotFound, status: 404, "'\(id.app)' has no environment '\(id.name)'", hint: "git bim status names them")
    }

    static func notFound(_ detail: String) -> Problem { Problem(.appNotFound, status: 404, detail) }
}

/// A value as the JSON body of a response, the same bytes every time.
func json(_ value: some Encodable, status: HTTPResponse.Status = .ok, headers: HTTPFields = [:]) throws -> Response {
    var headers = headers
    if headers[.contentType] == nil { headers[.contentType] = "application/json" }
    let bytes = try CanonicalJSON.encode(value)
    return Response(status: status, headers: headers, body: .init(byteBuffer: ByteBuffer(bytes: bytes)))
}

/// Reads a JSON body of at most 1 MiB.
///
/// - Throws: `Problem` with status 400 or 422.
func decode<Value: Decodable>(_ type: Value.Type, from request: inout Request) async throws -> Value {
    let buffer: ByteBuffer
    do {
        buffer = try await request.body.collect(upTo: Limits.requestBytes)
    } catch {
        throw Problem(.configInvalid, status: 413, "the request's body is larger than 1 MiB")
    }
    do {
        return try CanonicalJSON.decode(type, from: Array(buffer.readableBytesView))
    } catch {
        throw Problem.invalid("the request's body is not what this address takes: \(error)")
    }
}
