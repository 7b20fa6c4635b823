import Yams

/// The keys and values of one mapping, in the file's order, merge keys (`<<`) followed and `x-` keys left out.
struct ConfigMapping {
    /// One key with its value.
    struct Entry {
        let key: String
        let value: ConfigNode
    }

    private(set) var entries: [Entry] = []
    private var keys: Set<String> = []
    private let owner: ConfigNode

    /// Reads a mapping; throws when the value is something else.
    init(_ node: ConfigNode) throws(ConfigError) {
        owner = node
        try add(node)
    }

    /// Reads a mapping in which only some keys are known.
    init(_ node: ConfigNode, keys known: [String]) throws(ConfigError) {
        try self.init(node)
        for entry in entries where !known.contains(entry.key) {
            let place = node.path.isEmpty ? "" : " in '\(node.path)'"
            throw ConfigError(
                file: node.file, line: entry.value.line, key: entry.value.path,
                problem: "unknown key '\(entry.key)'\(place)",
                suggestion: NearestName.suggestion(for: entry.key, among: known))
        }
    }

    /// The value of a key.
    subscript(key: String) -> ConfigNode? {
        entries.first { $0.key == key }?.value
    }

    /// The value of a key that must be there.
    func required(_ key: String) throws(ConfigError) -> ConfigNode {
        guard let value = self[key] else { throw owner.error("'\(owner.path)' needs the key '\(key)'") }
        return value
    }

    private mutating func add(_ node: ConfigNode) throws(ConfigError) {
        guard case .mapping(let pairs) = node.node else {
            let subject = owner.path.isEmpty ? "the file" : "'\(owner.path)'"
            throw node.error("\(subject) must be a mapping of keys to values")
        }
        var merged: [ConfigNode] = []
        for (key, value) in pairs {
            guard case .scalar(let scalar) = key else {
                throw ConfigError(file: node.file, line: key.mark?.line, problem: "a key must be plain text")
            }
            if scalar.string == "<<" && scalar.style == .plain {
                let sources: [Node] = if case .sequence(let list) = value { Array(list) } else { [value] }
                merged += sources.map { ConfigNode(node: $0, file: node.file, path: node.path, line: key.mark?.line) }
            } else if !scalar.string.hasPrefix("x-") {
                add(scalar, value, of: node)
            }
        }
        for source in merged { try add(source) }
    }

    /// Keeps what is there: a mapping's own keys go before merged ones.
    private mutating func add(_ key: Node.Scalar, _ value: Node, of node: ConfigNode) {
        guard keys.insert(key.string).inserted else { return }
        let path = node.path.isEmpty ? key.string : "\(node.path).\(key.string)"
        let value = ConfigNode(node: value, file: node.file, path: path, line: key.mark?.line)
        entries.append(Entry(key: key.string, value: value))
    }
}
