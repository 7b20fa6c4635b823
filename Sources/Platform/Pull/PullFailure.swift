internal import Artifacts
internal import Diagnostics
internal import PlatformAPI
internal import Registry

/// Why an artifact could not be brought here, or is not one that runs here.
enum PullFailure: Error, Equatable {
    /// The platform's own registry lacks it, or a part of it.
    case notInRegistry(String)
    case unusable(String)
    case wrongPlatform(offered: [String])
    case tooLarge(Int64)
    case documentTooLarge(Digest)
    case damaged(Digest)
    case notEncrypted
    case tookTooLong(Duration)
    case noURL(Digest)
    /// What the host behind a presigned URL did.
    case refused(host: String, status: Int)
    case unreachable(host: String, detail: String)
    case privateAddress(host: String)

    var problem: Problem {
        switch self {
        case .notInRegistry(let reference):
            Self.failed("'\(reference)' is not in the registry", hint: "push again")
        case .unusable(let why):
            Self.failed("the artifact cannot be used: \(why)", hint: "build it anew and push again")
        case .wrongPlatform(let offered):
            Problem(
                .platformMismatch, status: 422,
                "the image is for \(offered.isEmpty ? "no platform" : offered.joined(separator: ", ")), and this "
                    + "platform runs linux/\(Architecture.current)",
                hint: "build it for linux/\(Architecture.current) and push again")
        case .tooLarge(let size):
            Problem(
                .artifactTooLarge, status: 422,
                "the artifact has \(formatBytes(size)), and this platform takes \(formatBytes(Limits.artifactBytes))",
                hint: "leave files out under 'image: exclude:' in bim.yml")
        case .documentTooLarge(let digest):
            Self.failed("\(digest) is larger than a manifest or configuration may be", hint: "build it anew")
        case .damaged(let digest): Self.failed("\(digest) came with other bytes than it names", hint: "push again")
        case .notEncrypted:
            Self.failed(
                "the S3 endpoint of this platform is neither encrypted nor on its machine",
                hint: "set AWS_ENDPOINT_URL_S3 of the platform to an https URL")
        case .tookTooLong(let limit):
            Self.failed("the artifact did not come within \(limit.short)", hint: "push again")
        case .noURL(let digest):
            Self.failed("the request has no URL for \(digest)", hint: "presign every part of the artifact")
        case .refused(let host, let status):
            Self.failed(
                "'\(host)' answers the presigned URL with status \(status)",
                hint: status == 403 ? "presign it for longer and push again" : "push again")
        case .unreachable(let host, let detail): Self.failed("'\(host)' does not answer: \(detail)", hint: "push again")
        case .privateAddress(let host): Self.forbidden(host)
        }
    }

    private static func failed(_ detail: String, hint: String) -> Problem {
        Problem(.pullFailed, status: 422, detail, hint: hint)
    }

    fileprivate static func forbidden(_ host: String) -> Problem {
        failed(
            "this platform does not fetch from '\(host)', which leads to a private network",
            hint: "its operator may allow it: bim-platform --allow-registry \(host)")
    }
}

/// What registries and stores say, as it concerns a platform that reads: the credentials are its own, not the pusher's.
extension RegistryError {
    var pullProblem: Problem {
        switch self {
        case .unauthorized(let host, _, nil):
            Self.failed("the registry '\(host)' wants credentials, and the platform has none for it", Self.login(host))
        case .unauthorized(let host, let user, _?):
            Self.failed(
                "the registry '\(host)' does not take the platform's credentials\(user.map { " of '\($0)'" } ?? "")",
                Self.login(host))
        case .tokenRefused(let host): Self.failed("the registry '\(host)' does not take the token", Self.login(host))
        case .denied(let host, let repository, _):
            Self.failed("the registry '\(host)' does not let the platform read '\(repository)'", Self.login(host))
        case .refused(let host, 404, _):
            Self.failed("the registry '\(host)' does not have it, or does not show it to the platform", "push again")
        case .refused(let host, let status, let message):
            Self.failed(
                "the registry '\(host)' refused it\(status == 0 ? "" : " with status \(status)"): \(message)",
                "push again")
        case .noSpace(let host), .blobsMissing(let host, _), .unreachable(let host, _):
            Self.failed("the registry '\(host)' does not answer the platform", "push again")
        case .unreadableLayer(let path): Self.failed("'\(path)' cannot be read", "push again")
        case .privateAddress(let host): PullFailure.forbidden(host)
        }
    }

    private static func failed(_ detail: String, _ hint: String) -> Problem {
        Problem(.pullFailed, status: 422, detail, hint: hint)
    }

    private static func login(_ host: String) -> String {
        "on the platform's machine, as the user who runs it: podman login \(host)"
    }
}

extension S3Error {
    var pullProblem: Problem {
        switch self {
        case .noCredentials(let why): Self.failed("the platform has no credentials for S3: \(why)", Self.keyHint)
        case .interactive, .signedOff, .roleRefused:
            Self.failed("the platform has no key for the bucket", Self.keyHint)
        case .denied(let bucket, _, let code, _):
            Self.failed("the bucket '\(bucket)' does not let the platform read it, \(code)", Self.keyHint)
        case .refused, .unreachable, .missing, .damaged, .unreadableFile:
            Self.failed(userError.message, "push again")
        }
    }

    private static func failed(_ detail: String, _ hint: String) -> Problem {
        Problem(.pullFailed, status: 422, detail, hint: hint)
    }

    private static let keyHint = "give the platform a key that may read the bucket, or presigned URLs with the request"
}

extension UnpackError {
    var problem: Problem {
        switch self {
        case .tooLarge(let limit):
            Problem(
                .artifactTooLarge, status: 422, "the artifact has more than \(formatBytes(limit)) when it is unpacked",
                hint: "leave files out under 'image: exclude:' in bim.yml")
        case .sizeMismatch, .digestMismatch, .diffIDMismatch:
            Problem(
                .pullFailed, status: 422, "a part of the artifact is not what its digest says", hint: "push again")
        case .unsafePath(let path), .throughSymlink(let path):
            Problem(
                .pullFailed, status: 422, "the artifact has a file that would leave its folder: '\(path)'",
                hint: "build it anew without that file")
        case .damaged(let why):
            Problem(
                .pullFailed, status: 422, "the artifact cannot be unpacked: \(why)",
                hint: "build it anew and push again")
        case .folderNotEmpty(let path):
            Problem(.internal, status: 500, "the folder '\(path)' is not empty", hint: "push again")
        }
    }
}
