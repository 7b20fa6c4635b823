internal import AsyncHTTPClient
internal import NIOCore
internal import NIOPosix
internal import NIOSSL

#if canImport(Glibc)
    internal import Glibc
#endif

extension HTTPSettings {
    /// How connections are encrypted; nil is the library's way, which trusts the system's certificates.
    func tlsConfiguration(alsoTrusting more: [String]) throws -> TLSConfiguration? {
        let trusted = certificates + more
        if trusted.isEmpty, checksCertificates, clientCertificate == nil { return nil }
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.additionalTrustRoots = try trusted.map { path in
            guard let files = Self.authorities(in: path) else { return .file(path) }
            return .certificates(try files.flatMap { try NIOSSLCertificate.fromPEMFile($0) })
        }
        if !checksCertificates { configuration.certificateVerification = .none }
        if let own = clientCertificate {
            configuration.certificateChain = try NIOSSLCertificate.fromPEMFile(own.certificates).map {
                .certificate($0)
            }
            configuration.privateKey = .privateKey(try NIOSSLPrivateKey(file: own.key, format: .pem))
        }
        return configuration
    }

    /// The files of a folder that are named as `c_rehash` names them, by hash and number; nil for what is no folder.
    private static func authorities(in path: String) -> [String]? {
        guard let stream = opendir(path) else { return nil }
        defer { closedir(stream) }
        var files: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            let parts = name.split(separator: ".")
            if parts.count == 2, parts[0].count == 8, parts[0].allSatisfy(\.isHexDigit), parts[1].allSatisfy(\.isNumber)
            {
                files.append("\(path)/\(name)")
            }
        }
        return files.sorted()
    }
}

extension TransportError.Kind {
    /// What an error of the library, or of what lies below it, amounts to.
    init(of error: any Error) {
        switch error {
        case let error as HTTPClientError
        where error == .deadlineExceeded || error == .readTimeout || error == .connectTimeout
            || error == .tlsHandshakeTimeout || error == .httpProxyHandshakeTimeout:
            self = .timedOut
        case let error as HTTPClientError
        where error == .proxyAuthenticationRequired || error == .invalidProxyResponse:
            self = .proxyRefused
        case is NIOTooManyBytesError: self = .answerTooLarge
        case is FileChunks.ReadFailed: self = .unreadableFile
        case let error as NIOConnectionError
        where error.connectionErrors.isEmpty && (error.dnsAError != nil || error.dnsAAAAError != nil):
            self = .unknownHost
        case is ReachExceeded: self = .privateAddress
        case is NIOSSLExtraError: self = .untrusted
        case let error as NIOSSLError where "\(error)".contains("CERTIFICATE_VERIFY_FAILED"): self = .untrusted
        default: self = .unreachable
        }
    }
}
