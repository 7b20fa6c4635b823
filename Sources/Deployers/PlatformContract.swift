package import Diagnostics
package import PlatformAPI

/// Whether a platform speaks what this client does.
extension PlatformDescription {
    /// The version of the contract that this client was written for.
    private static let known = 1

    /// - Throws: `PLATFORM_VERSION` for a platform of another version, older or newer.
    func requireContract(at baseURL: String) throws(UserError) {
        let number = version.split(separator: ".").first.flatMap { Int($0) }
        guard number != Self.known else { return }
        let isNewer = (number ?? 0) > Self.known
        throw UserError(
            .platformVersion,
            "the platform at '\(baseURL)' speaks version '\(version)' of the API, and bim \(Diagnostics.version) version \(Self.known)",
            hint: isNewer ? "install a newer bim" : "ask the platform's operator to update it")
    }

    /// Makes sure that the platform has an optional part.
    ///
    /// - Parameters:
    ///   - feature: a name of the list `features`.
    ///   - purpose: what cannot be done without it, as the end of "…, which … needs".
    /// - Throws: `PLATFORM_VERSION`.
    package func require(_ feature: String, for purpose: String, at place: String) throws(UserError) {
        guard !features.contains(feature) else { return }
        throw UserError(
            .platformVersion, "the platform at '\(place)' is too old: it lacks '\(feature)', which \(purpose) needs",
            hint: "ask the platform's operator to update it")
    }
}
