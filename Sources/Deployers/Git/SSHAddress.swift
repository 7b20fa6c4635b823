internal import HTTPTransport

/// Where ssh leads to, in the forms that git takes: `ssh://[user@]host[:port]/path` and `[user@]host:path`.
package struct SSHAddress: Sendable, Equatable {
    package let user: String?
    package let host: String
    package let port: String?
    /// As the shell of the other machine is to see it.
    package let path: String

    /// What ssh takes as its destination.
    package var destination: String { user.map { "\($0)@\(host)" } ?? host }

    /// Reads an address; nil for another kind, and for one whose parts ssh or a shell could take for something else.
    package init?(_ text: String) {
        for scheme in ["ssh://", "git+ssh://", "ssh+git://"] where text.hasPrefix(scheme) {
            self.init(url: text.dropFirst(scheme.count))
            return
        }
        guard !text.contains("://") else { return nil }
        self.init(short: text[...])
    }

    private init?(url: Substring) {
        guard let slash = url.firstIndex(of: "/"), let path = PercentEncoding.decode(url[slash...]),
            let authority = PercentEncoding.decode(url[..<slash])
        else { return nil }
        let (user, rest) = Self.user(authority[...])
        let host: Substring
        var port: Substring?
        if rest.hasPrefix("[") {
            guard let end = rest.firstIndex(of: "]") else { return nil }
            host = rest[rest.index(after: rest.startIndex)..<end]
            let tail = rest[rest.index(after: end)...]
            if !tail.isEmpty { port = tail.hasPrefix(":") ? tail.dropFirst() : nil }
        } else {
            let parts = rest.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            host = parts[0]
            port = parts.count > 1 && !parts[1].isEmpty ? parts[1] : nil
        }
        // `/~user/…` is a path below that user's home folder.
        self.init(user: user, host: host, port: port, path: path.hasPrefix("/~") ? path.dropFirst() : path[...])
    }

    /// As scp has it; the colon comes before the first slash, or the whole is a path.
    private init?(short: Substring) {
        let head = short.prefix { $0 != "/" }
        let (user, _) = Self.user(head)
        let rest = user.map { short.dropFirst($0.count + 1) } ?? short
        let isBracketed = rest.hasPrefix("[")
        let parts = rest.split(separator: isBracketed ? "]" : ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, !parts[0].contains("/"), !isBracketed || parts[1].hasPrefix(":") else { return nil }
        self.init(
            user: user, host: isBracketed ? parts[0].dropFirst() : parts[0], port: nil,
            path: isBracketed ? parts[1].dropFirst() : parts[1])
    }

    private init?(user: Substring?, host: Substring, port: Substring?, path: Substring) {
        let words = [user ?? "", host, port ?? ""]
        guard !host.isEmpty, !path.isEmpty, user?.isEmpty != true, (words + [path]).allSatisfy({ !$0.hasPrefix("-") }),
            (words + [path]).allSatisfy({ $0.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control } }),
            !words.contains(where: { $0.contains(" ") }), port?.allSatisfy({ $0.isASCII && $0.isNumber }) != false
        else { return nil }
        self.user = user.map(String.init)
        self.host = String(host)
        self.port = port.map(String.init)
        self.path = String(path)
    }

    private static func user(_ authority: Substring) -> (Substring?, Substring) {
        guard let at = authority.lastIndex(of: "@") else { return (nil, authority) }
        return (authority[..<at], authority[authority.index(after: at)...])
    }
}
