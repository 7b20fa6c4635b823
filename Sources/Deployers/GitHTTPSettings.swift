internal import Diagnostics
package import HTTPTransport
internal import ProcessRunner

#if canImport(Glibc)
    internal import Glibc
#endif

/// What git's configuration and curl's variables say of how a server is reached (git-config, `http.*`).
///
/// git itself is asked, once for each server, as it alone knows its files, its `-c` and which `http.<url>.*` fits best.
package actor GitHTTPSettings: HTTPSettingsSource {
    private let environment: [String: String]
    private let folder: String
    private var known: [String: Task<HTTPSettings, any Error>] = [:]

    /// - Parameter folder: where git would be called.
    package init(environment: [String: String], folder: String = ".") {
        self.environment = environment
        self.folder = folder
    }

    package func settings(for url: String) async throws -> HTTPSettings {
        let scheme = url.prefix { $0 != ":" }
        let server = "\(scheme)://\(url.dropFirst(scheme.count + 3).prefix { !"/?#".contains($0) })"
        // Two requests at once ask one git.
        let task = known[server] ?? Task { try await GitHTTPQuestion(url: url, environment, folder).settings() }
        known[server] = task
        return try await task.value
    }
}

/// One server that git is asked about.
private struct GitHTTPQuestion {
    let url: String
    let environment: [String: String]
    let folder: String

    init(url: String, _ environment: [String: String], _ folder: String) {
        self.url = url
        self.environment = environment
        self.folder = folder
    }

    func settings() async throws -> HTTPSettings {
        let entries = try await entries()
        var settings = HTTPSettings()
        settings.proxy = try await proxy(entries["http.proxy"])
        for (key, variable) in [("http.sslcainfo", "GIT_SSL_CAINFO"), ("http.sslcapath", "GIT_SSL_CAPATH")] {
            if let path = try await path(key, variable, entries) { settings.certificates.append(path) }
        }
        settings.checksCertificates = try await checksCertificates(entries)
        if let certificates = try await path("http.sslcert", "GIT_SSL_CERT", entries) {
            let key = try await path("http.sslkey", "GIT_SSL_KEY", entries) ?? certificates
            settings.clientCertificate = .init(certificates: certificates, key: key)
        }
        if entries["http.extraheader"] != nil { settings.headers = try await headers() }
        return settings
    }

    /// Key in lower case to its value as it stands there.
    private func entries() async throws -> [String: String] {
        let text = try await ask(["--null", "--get-urlmatch", "http", url]) ?? ""
        return text.split(separator: "\0").reduce(into: [:]) { entries, entry in
            let parts = entry.split(separator: "\n", maxSplits: 1, omittingEmptySubsequences: false)
            entries[parts[0].lowercased()] = parts.count > 1 ? String(parts[1]) : ""
        }
    }

    private func checksCertificates(_ entries: [String: String]) async throws -> Bool {
        if environment["GIT_SSL_NO_VERIFY"] != nil { return false }
        guard entries["http.sslverify"] != nil else { return true }
        return try await ask(["--type=bool", "--get-urlmatch", "http.sslVerify", url]) != "false"
    }

    /// The file or folder that a setting names, `~` resolved; the variable wins.
    private func path(_ key: String, _ variable: String, _ entries: [String: String]) async throws -> String? {
        var name = variable
        var path = environment[variable].flatMap { $0.isEmpty ? nil : $0 }
        if path == nil, let value = entries[key], !value.isEmpty {
            name = key
            path = value.hasPrefix("/") ? value : try await ask(["--type=path", "--get-urlmatch", key, url])
        }
        guard var path, !path.isEmpty else { return nil }
        if !path.hasPrefix("/") { path = "\(folder)/\(path)" }
        guard access(path, R_OK) == 0 else {
            throw UserError(
                .configInvalid, "'\(name)' names '\(path)', which cannot be read",
                hint: "git config --show-origin --get-all \(key)")
        }
        return path
    }

    /// git's rules for a setting of several values cannot be had by one question: an entry counts where it is what git
    /// takes of those up to it, and one without a value forgets those before it.
    private func headers() async throws -> [HTTPSettings.Header] {
        let text = try await ask(["--null", "--get-regexp", #"^http\.(.*\.)?extraheader$"#]) ?? ""
        var values: [String] = []
        var file = ""
        for (number, entry) in text.split(separator: "\0").enumerated() {
            let parts = entry.split(separator: "\n", maxSplits: 1, omittingEmptySubsequences: false)
            let pattern = parts[0].dropFirst("http.".count).dropLast("extraheader".count).dropLast()
            let quoted = pattern.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
            file += "[http\(quoted.isEmpty ? "" : " \"\(quoted)\"")]\nextraHeader = \(number)\n"
            let best = try await ask(["--file", "-", "--get-urlmatch", "http.extraHeader", url], input: file)
            guard best == String(number) else { continue }
            let value = parts.count > 1 ? String(parts[1]) : ""
            values = value.isEmpty ? [] : values + [value]
        }
        return values.compactMap { value in
            let parts = value.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, !parts[0].isEmpty else { return nil }
            return .init(name: String(parts[0]), value: String(parts[1].drop(while: \.isWhitespace)))
        }
    }

    /// What `git config` answers, without the line feed; nil where nothing is set.
    private func ask(_ arguments: [String], input: String = "") async throws -> String? {
        let command = Command("git", ["config"] + arguments, environment: environment, workingDirectory: folder)
        let answer: Captured
        do {
            answer = try await command.capture(input: Array(input.utf8), deadline: .seconds(30))
        } catch let error as ProcessError where error.kind != .canceled {
            throw UserError(
                .configInvalid, "git does not tell its settings for '\(url)'", hint: "git config --list", cause: error)
        }
        switch answer.status {
        case .exited(0): return answer.text.hasSuffix("\n") ? String(answer.text.dropLast()) : answer.text
        case .exited(1): return nil
        default:
            let said = answer.errorText.split(separator: "\n").first.map(String.init) ?? "no reason given"
            throw UserError(.configInvalid, "git's settings for http are wrong: \(said)", hint: "git config --list")
        }
    }
}

/// Proxies.
extension GitHTTPQuestion {
    /// `http.proxy`, else curl's variables; none for this machine itself and for what `no_proxy` lists.
    private func proxy(_ configured: String?) async throws -> HTTPProxy? {
        let host = Loopback.host(of: url)
        let exempt = environment["no_proxy"] ?? environment["NO_PROXY"] ?? ""
        if Loopback.contains(host) || HTTPProxy.isExempt(host, in: exempt) { return nil }
        let (name, text) = configured.map { ("http.proxy", $0) } ?? proxyOfEnvironment
        guard let text, !text.isEmpty else { return nil }
        guard var proxy = HTTPProxy(text) else {
            throw UserError(
                .configInvalid, "'\(name)' is '\(withoutCredentials(text))', which is no HTTP or SOCKS proxy",
                hint: "write it like http://proxy.example.com:3128")
        }
        if proxy.user != nil, proxy.password == nil, let known = await credential(for: proxy) {
            (proxy.user, proxy.password) = (known.username, known.password)
        }
        return proxy
    }

    /// `HTTP_PROXY` is not read, as on a web server a request could set it.
    private var proxyOfEnvironment: (name: String, value: String?) {
        let names = url.hasPrefix("https:") ? ["https_proxy", "HTTPS_PROXY"] : ["http_proxy"]
        for name in names + ["all_proxy", "ALL_PROXY"] {
            if let value = environment[name], !value.isEmpty { return (name, value) }
        }
        return ("http.proxy", nil)
    }

    private func credential(for proxy: HTTPProxy) async -> GitCredential? {
        await GitCredential.fill(
            url: "http://\(proxy.user.map { PercentEncoding.encode($0) + "@" } ?? "")\(proxy.host):\(proxy.port)",
            environment: environment)
    }
}
