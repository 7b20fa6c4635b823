internal import FoundationEssentials

/// What proves to a registry who is asking.
package enum Credential: Hashable, Sendable {
    case basic(user: String, password: String)
    /// Changed at the registry's token server for tokens (Docker's `identitytoken`).
    case identity(token: String)
    /// Sent as it is (Docker's `registrytoken`).
    case bearer(token: String)

    /// The name that may be told; never a secret.
    var user: String? {
        if case .basic(let user, _) = self { user } else { nil }
    }

    /// The value of `Authorization` for Basic; nil for what is no name with a password.
    var basicHeader: String? {
        guard case .basic(let user, let password) = self else { return nil }
        return "Basic " + Data("\(user):\(password)".utf8).base64EncodedString()
    }
}

/// A credential and where it was found.
package struct FoundCredential: Hashable, Sendable {
    package let credential: Credential
    /// What an error names: a file, a variable, a helper.
    package let source: String

    package init(_ credential: Credential, source: String) {
        self.credential = credential
        self.source = source
    }
}
