internal import GitCore

/// What the user has set for one remote in git's configuration: `remote.<name>.bim<Key>`, else `bim.<key>`.
struct RemoteSettings: Sendable {
    /// The remote's name, or its URL where it has none.
    let remote: String
    let location: RepositoryLocation

    /// A value and the key under which it was found.
    ///
    /// - Parameter key: such as `deploy`; git's keys know no case.
    func value(_ key: String) throws(GitError) -> (key: String, value: String)? {
        let configuration = try location.open().configuration()
        return ["remote.\(remote).bim\(key.prefix(1).uppercased())\(key.dropFirst())", "bim.\(key)"].lazy
            .compactMap { name in configuration.string(name).map { (name, $0) } }.first
    }
}
