internal import PlatformAPI

/// The most that the platform takes of anything, in one place for those who check and those who tell.
enum Limits {
    static let requestBytes = 1 << 20
    static let manifestBytes = 4 << 20
    static let graceSeconds = 1...300
    static let healthTimeoutSeconds = 1...3600

    /// As the API tells them.
    static let all = PlatformDescription.Limits(
        requestBytes: requestBytes, manifestBytes: manifestBytes, graceSeconds: graceSeconds.upperBound,
        healthTimeoutSeconds: healthTimeoutSeconds.upperBound)
}
