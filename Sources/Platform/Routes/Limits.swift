internal import PlatformAPI

/// The most that the platform takes of anything, in one place for those who check and those who tell.
enum Limits {
    static let requestBytes = 1 << 20
    static let manifestBytes = 4 << 20
    /// The compressed parts of an artifact together.
    static let artifactBytes: Int64 = 8 << 30
    /// Presigned URLs in one request: an image has at most a few more parts than layers.
    static let presignedURLs = 512
    static let graceSeconds = 1...300
    static let healthTimeoutSeconds = 1...3600

    /// As the API tells them.
    static let all = PlatformDescription.Limits(
        requestBytes: requestBytes, manifestBytes: manifestBytes, artifactBytes: artifactBytes,
        graceSeconds: graceSeconds.upperBound,
        healthTimeoutSeconds: healthTimeoutSeconds.upperBound)
}
