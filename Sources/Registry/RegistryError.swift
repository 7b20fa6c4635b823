package import Diagnostics
internal import HTTPTransport

/// What a registry did that the client cannot go on from.
package enum RegistryError: Error, Sendable, Equatable {
    /// The credentials that were found in `source` are not taken; nil when none were found.
    case unauthorized(host: String, user: String?, source: String?)
    /// The platform's own token is not taken.
    case tokenRefused(host: String)
    /// The credentials are taken, and do not allow this.
    case denied(host: String, repository: String, message: String?)
    case refused(host: String, status: Int, message: String)
    /// What was uploaded is not found there when the manifest comes.
    case blobsMissing(host: String, repository: String)
    case noSpace(host: String)
    case unreachable(host: String, detail: String)
    case unreadableLayer(path: String)
    /// The registry, or where it sends its clients, has an address to which this client may not go.
    case privateAddress(host: String)

    /// The error for people: registries' troubles have codes of their own.
    package var userError: UserError {
        switch self {
        case .unauthorized(let host, _, nil):
            UserError(
                .registryAuth, "the registry '\(host)' wants credentials, and none were found", hint: Self.login(host))
        case .unauthorized(let host, let user, let source?):
            UserError(
                .registryAuth,
                "the registry '\(host)' does not take the credentials\(user.map { " of '\($0)'" } ?? "") from '\(source)'",
                hint: Self.login(host))
        case .tokenRefused(let host):
            UserError(
                .registryAuth, "the registry '\(host)' does not take the platform's token",
                hint: "git bim login <remote>")
        case .denied(let host, let repository, let message):
            UserError(
                .registryAuth,
                "the registry '\(host)' does not allow this in '\(repository)'\(message.map { ": \($0)" } ?? "")",
                hint: "use an account or token that may write there")
        case .refused(let host, let status, let message):
            UserError(
                status == 413 ? .artifactTooLarge : .registryUnreachable,
                "the registry '\(host)' refused the request\(status == 0 ? "" : " with status \(status)"): \(message)",
                hint: Self.hint(status))
        case .blobsMissing(let host, let repository):
            UserError(
                .registryUnreachable, "the registry '\(host)' lost what was uploaded to '\(repository)'",
                hint: "push again")
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
        case .privateAddress(let host):
            UserError(
                .registryUnreachable, "the registry '\(host)' leads to a private network",
                hint: "use a registry with a public address")
        }
    }

    /// Whether the same request may succeed when it is simply made again.
    var isTransient: Bool {
        switch self {
        case .unreachable: true
        case .refused(_, let status, _): RetryPolicy.isTransient(status)
        default: false
        }
    }

    private static func hint(_ status: Int) -> String {
        switch status {
        case 404: "create the repository in the registry if it does not do so itself, and push again"
        case 413:
            "leave files out under 'exclude' of 'image' in bim.yml, or raise the limit of what stands before the registry"
        default: "push again"
        }
    }

    private static func login(_ host: String) -> String { "podman login \(host), or docker login \(host)" }

    private struct Detail: Error, CustomStringConvertible {
        let text: String
        var description: String { text }
    }
}
