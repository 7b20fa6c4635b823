/// Why an instance could not be started.
package struct RuntimeError: Error, Sendable, Equatable {
    package enum Kind: Sendable, Equatable {
        /// The program `bwrap` is not installed.
        case sandboxMissing
        /// The kernel, or a container around the platform, does not let this user make namespaces.
        case namespacesForbidden
        /// The unpacked image lacks what an instance needs, or tries to reach out of itself.
        case imageUnusable
        /// The operating system refused to start the sandbox.
        case notStarted
    }

    package let kind: Kind
    package let detail: String
    /// One thing to do next, where there is one.
    package let hint: String?

    package init(_ kind: Kind, detail: String, hint: String? = nil) {
        self.kind = kind
        self.detail = detail
        self.hint = hint
    }
}
