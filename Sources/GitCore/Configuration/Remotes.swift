extension Configuration {
    /// The configured remotes with their first URL, by name.
    public func remotes() -> [(name: String, url: String)] {
        var urls: [String: String] = [:]
        for entry in entries where entry.key.hasPrefix("remote.") && entry.key.hasSuffix(".url") {
            let name = String(entry.key.dropFirst("remote.".count).dropLast(".url".count))
            if let value = entry.value, urls[name] == nil { urls[name] = value }
        }
        return urls.sorted { $0.key < $1.key }.map { (name: $0.key, url: $0.value) }
    }
}
