package import Diagnostics
internal import HTTPTransport

/// What a registry did that the client cannot go on from.
package enum RegistryError: Error, Sendable {
    case unauthorized(host: String)
    case refused(host: String, status: Int, message: String)
    case noSpace(host: String)
    case unreachable(host: String, detail: String)
    case unreadableLayer(path: String)

    /// The error for people: registries' troubles have codes of their own.
    package var userError: UserError {
        switch self {
        case .unauthorized(let host):
            UserError(
                .registryAuth, "the registry '\(host)' does not take the credentials",
                hint: "set BIM_TOKEN, or store the token with git credential")
        case .refused(let host, let status, let message):
            UserError(
                status == 413 ? .artifactTooLarge : .registryUnreachable,
                "the registry '\(host)' refused the upload with status \(status): \(message)", hint: "push again")
        case .noSpace(let host):
            UserError(
                .quota, "no space is left in the registry '\(host)'", hint: "free some space there and push again")
        case .unreachable(let host, let detail):
            UserError(
                .registryUnreachable, "the registry '\(host)' does not answer", hint: "push again",
                cause: Detail(text: detail))
        case .unreadableLayer(let path):
            UserError(
                .buildFailed, "the layer in '\(path)' cannot be read", hint: "remove the cache folder and push again")
        }
    }

    private struct Detail: Error, CustomStringConvertible {
        let text: String
        var description: String { text }
    }
}
