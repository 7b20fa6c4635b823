internal import Artifacts
internal import HTTPTransport
internal import PlatformAPI
internal import Registry

/// What the platform takes as an artifact before it has seen it.
enum ArtifactRules {
    /// - Throws: `Problem` for a kind that is not run here, a reference that names nothing by its digest, a ZIP that
    ///   nobody says how to start, and URLs that are none.
    static func check(_ request: DeploymentRequest, of app: AppID) throws {
        let artifact = request.artifact
        guard let kind = ArtifactKind(rawValue: artifact.kind) else {
            throw Problem.invalid("this platform runs no artifact of the kind '\(artifact.kind)'")
        }
        guard let location = ArtifactLocation(artifact.reference, of: app), location.mayBe(kind) else {
            throw Problem.invalid(
                "'\(artifact.reference)' names no \(kind.rawValue) by its digest, neither of '\(app)' in the "
                    + "platform's own registry nor elsewhere")
        }
        guard kind == .image || !request.settings.processes.isEmpty else {
            throw Problem.invalid("a ZIP does not say what runs of it", hint: "name its processes, as a Procfile does")
        }
        if let urls = artifact.urls { try check(urls, of: location) }
    }

    /// No message names a URL: they are secrets.
    private static func check(_ urls: [String: String], of location: ArtifactLocation) throws {
        guard location.isInS3 else { throw Problem.invalid("presigned URLs are taken for artifacts in S3 alone") }
        guard urls.count <= Limits.presignedURLs, urls.keys.allSatisfy({ Digest($0) != nil }) else {
            throw Problem.invalid("presigned URLs are given by the digest of a part, at most \(Limits.presignedURLs)")
        }
        let areEncrypted = urls.values.allSatisfy { url in
            guard let address = WebAddress(url) else { return false }
            return address.scheme == "https" || Loopback.contains(address.host)
        }
        guard areEncrypted else { throw Problem.invalid("a presigned URL begins with https://") }
        guard urls[location.digest.description] != nil else {
            throw Problem.invalid("there is no presigned URL for \(location.digest)")
        }
    }
}
