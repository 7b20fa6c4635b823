internal import Artifacts
internal import PlatformAPI
internal import Registry

/// Where a deployed artifact lies, read from its reference; always named by a digest.
enum ArtifactLocation: Equatable {
    /// `<user>/<app>@sha256:…`: in the platform's own registry.
    case own(Digest)
    /// `<host>/<repository>@sha256:…`: in a registry of others.
    case registry(ImageReference, Digest)
    /// `s3://<bucket>/<prefix>/<app>@sha256:…`: an image in an OCI image layout in S3.
    case imageObject(ObjectFolder, Digest)
    /// `s3://<bucket>/<prefix>/<app>/<hex>.zip`: a ZIP in S3.
    case zipObject(ObjectFolder, Digest)

    /// An app's folder in a bucket.
    struct ObjectFolder: Equatable {
        /// `s3://<bucket>/<prefix>`
        let place: String
        let app: String
    }

    /// Reads the reference of an artifact for `app`; nil for what names no artifact by its digest, and for one in the
    /// platform's own registry that is another app's.
    init?(_ reference: String, of app: AppID) {
        if reference.hasPrefix("s3://") {
            self.init(object: reference)
            return
        }
        guard let at = reference.lastIndex(of: "@"),
            let digest = Digest(String(reference[reference.index(after: at)...]))
        else { return nil }
        let name = reference[..<at]
        if name == app.description {
            self = .own(digest)
            return
        }
        // Without a host it would be Docker Hub's to docker, and ours to a client of this platform.
        guard let image = ImageReference(reference), name.hasPrefix(image.host + "/") else { return nil }
        self = .registry(image, digest)
    }

    private init?(object reference: String) {
        let digest: Digest?
        let path: Substring
        let isZip = reference.hasSuffix(".zip")
        if isZip, let slash = reference.lastIndex(of: "/") {
            digest = Digest("sha256:" + reference[reference.index(after: slash)...].dropLast(4))
            path = reference[..<slash]
        } else if let at = reference.lastIndex(of: "@") {
            digest = Digest(String(reference[reference.index(after: at)...]))
            path = reference[..<at]
        } else {
            return nil
        }
        guard let digest, let slash = path.lastIndex(of: "/"),
            slash >= reference.index(reference.startIndex, offsetBy: 6)
        else { return nil }
        let folder = ObjectFolder(place: String(path[..<slash]), app: String(path[path.index(after: slash)...]))
        guard !folder.app.isEmpty, S3Location(folder.place, environment: [:]) != nil else { return nil }
        self = isZip ? .zipObject(folder, digest) : .imageObject(folder, digest)
    }

    /// What names the artifact: its manifest's digest, or its index's, or that of the ZIP in S3.
    var digest: Digest {
        switch self {
        case .own(let digest), .registry(_, let digest), .imageObject(_, let digest), .zipObject(_, let digest): digest
        }
    }

    /// Whether clients may hand over presigned URLs for it.
    var isInS3: Bool {
        switch self {
        case .imageObject, .zipObject: true
        case .own, .registry: false
        }
    }

    /// Whether it may be what a request calls it; what lies in a registry says itself what it is.
    func mayBe(_ kind: ArtifactKind) -> Bool {
        switch self {
        case .own, .registry: true
        case .imageObject: kind == .image
        case .zipObject: kind == .zip
        }
    }
}

/// What the platform runs, in the words of the API.
enum ArtifactKind: String, CaseIterable {
    case image, zip
}
