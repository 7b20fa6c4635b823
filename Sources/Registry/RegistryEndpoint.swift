internal import HTTPTransport

#if canImport(Glibc)
    internal import Glibc
#endif

/// Where a registry listens, and whom it is trusted by.
package struct RegistryEndpoint: Hashable, Sendable {
    /// Host and port as references write them, such as `ghcr.io` or `localhost:5000`.
    package let host: String
    /// Scheme, host and port, without a path.
    package let baseURL: String
    /// Files with certificates that are trusted besides those of the system.
    let certificates: [String]

    /// A registry that is known by its URL.
    package init(baseURL: String) {
        self.baseURL = baseURL
        host = baseURL.split(separator: "/").dropFirst().first.map(String.init) ?? baseURL
        certificates = []
    }

    /// The registry of references that begin with `host`: `https`, but for loopback and the hosts that
    /// `BIM_INSECURE_REGISTRIES` lists, separated by commas.
    ///
    /// Certificates lie where podman and docker look for them, in `certs.d/<host>/*.crt`.
    package init(host: String, environment: [String: String]) {
        self.host = host
        let name = host.split(separator: ":")[0]
        let insecure = environment["BIM_INSECURE_REGISTRIES"]?.split(separator: ",").map(String.init) ?? []
        let certificates = Self.certificates(of: host, environment)
        let isClear = insecure.contains(host) || (Loopback.contains(name) && certificates.isEmpty)
        baseURL = (isClear ? "http://" : "https://") + (host == "docker.io" ? "registry-1.docker.io" : host)
        self.certificates = certificates
    }

    private static func certificates(of host: String, _ environment: [String: String]) -> [String] {
        let home = environment["HOME"] ?? "/nonexistent"
        let config = environment["XDG_CONFIG_HOME"].flatMap { $0.isEmpty ? nil : $0 } ?? "\(home)/.config"
        for folder in ["\(config)/containers", "/etc/containers", "\(home)/.docker", "/etc/docker"] {
            let files = names(in: "\(folder)/certs.d/\(host)").filter { $0.hasSuffix(".crt") }.sorted()
            if !files.isEmpty { return files.map { "\(folder)/certs.d/\(host)/\($0)" } }
        }
        return []
    }

    private static func names(in folder: String) -> [String] {
        guard let stream = opendir(folder) else { return [] }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            names.append(
                withUnsafeBytes(of: entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) })
        }
        return names
    }
}
