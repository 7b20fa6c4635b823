internal import Artifacts

/// Looks for a registry's credentials where users of docker and podman expect them, the first place wins.
///
/// `BIM_REGISTRY_USER` and `BIM_REGISTRY_PASSWORD` for the host in `BIM_REGISTRY_HOST`; `DOCKER_AUTH_CONFIG`;
/// `$REGISTRY_AUTH_FILE`; podman's `auth.json`; docker's `config.json` and `.dockercfg`; git's credential helpers.
package struct CredentialSearch: Sendable {
    private let environment: [String: String]
    private let warn: @Sendable (String) -> Void

    /// - Parameter warn: told what is wrong with a place that was passed over.
    package init(environment: [String: String], warn: @escaping @Sendable (String) -> Void = { _ in }) {
        self.environment = environment
        self.warn = warn
    }

    /// The credential for a repository of a host, such as `ghcr.io`; nil when there is none.
    package func find(host: String, repository: String) async -> FoundCredential? {
        if let own = own(host) { return own }
        for place in places {
            guard let text = place.text, !text.isEmpty else { continue }
            guard let file = try? AuthFile(text, isOldForm: place.isOldForm) else {
                warn("'\(place.name)' is not understood and was passed over")
                continue
            }
            if let found = await find(host, repository, in: file, place.name) { return found }
        }
        let helper = CredentialHelper(environment: environment)
        return await helper.git(host: host).map { FoundCredential($0, source: "git credential") }
    }

    private func own(_ host: String) -> FoundCredential? {
        guard environment["BIM_REGISTRY_HOST"] == host, let user = environment["BIM_REGISTRY_USER"],
            let password = environment["BIM_REGISTRY_PASSWORD"]
        else { return nil }
        return FoundCredential(.basic(user: user, password: password), source: "BIM_REGISTRY_PASSWORD")
    }

    private func find(
        _ host: String, _ repository: String, in file: AuthFile, _ name: String
    ) async -> FoundCredential? {
        if let helper = file.helper(for: host) {
            let answer = await CredentialHelper(environment: environment)
                .get(helper, server: AuthFile.serverURL(of: host))
            switch answer {
            case .found(let credential):
                return FoundCredential(credential, source: "docker-credential-\(helper) (\(name))")
            case .failed(let why): warn("\(why), which '\(name)' asks for")
            case .none: break
            }
        }
        return file.credential(host: host, repository: repository).map { FoundCredential($0, source: name) }
    }
}

/// The files, in order.
extension CredentialSearch {
    private struct Place {
        let name: String
        let text: [UInt8]?
        var isOldForm = false
    }

    private var places: [Place] {
        var places: [Place] = []
        if let text = environment["DOCKER_AUTH_CONFIG"] {
            places.append(Place(name: "DOCKER_AUTH_CONFIG", text: Array(text.utf8)))
        }
        let home = environment["HOME"] ?? "/nonexistent"
        let config = environment["XDG_CONFIG_HOME"].flatMap { $0.isEmpty ? nil : $0 } ?? "\(home)/.config"
        let docker = environment["DOCKER_CONFIG"].flatMap { $0.isEmpty ? nil : $0 } ?? "\(home)/.docker"
        let files = [
            environment["REGISTRY_AUTH_FILE"], environment["XDG_RUNTIME_DIR"].map { "\($0)/containers/auth.json" },
            "\(config)/containers/auth.json", "\(docker)/config.json",
        ]
        places += files.compactMap(\.self).map { Place(name: $0, text: SmallFile.read($0)) }
        places.append(Place(name: "\(home)/.dockercfg", text: SmallFile.read("\(home)/.dockercfg"), isOldForm: true))
        return places
    }
}
