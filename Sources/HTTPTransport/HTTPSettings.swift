/// How a server is reached: through which proxy, trusted by whom, and with what in each request.
package struct HTTPSettings: Hashable, Sendable {
    /// A certificate of the client's own, in PEM files.
    package struct ClientCertificate: Hashable, Sendable {
        package let certificates: String
        package let key: String

        package init(certificates: String, key: String) {
            self.certificates = certificates
            self.key = key
        }
    }

    /// A header that the user wants to see in each request.
    package struct Header: Hashable, Sendable {
        package let name: String
        package let value: String

        package init(name: String, value: String) {
            self.name = name
            self.value = value
        }
    }

    package var proxy: HTTPProxy?
    /// Files or folders with certificates, in PEM, that are trusted besides those of the system.
    package var certificates: [String] = []
    /// False takes any certificate.
    package var checksCertificates = true
    package var clientCertificate: ClientCertificate?
    /// Sent with exchanges that take them, unless they have a header of that name.
    package var headers: [Header] = []

    package init() {}
}

/// Knows how servers are reached.
package protocol HTTPSettingsSource: Sendable {
    /// The settings for an address.
    ///
    /// - Throws: what the user has to mend before anything can be sent.
    func settings(for url: String) async throws -> HTTPSettings
}
