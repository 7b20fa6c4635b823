import Yams

/// One YAML document, read within limits.
enum ConfigDocument {
    /// The largest file, in bytes.
    static let maximumSize = 256 << 10

    /// The most values that a file may have once its aliases are written out.
    static let maximumValues = 50_000

    /// Stands for `*` while aliases are counted: a private-use character, which no file needs.
    private static let aliasMark = "\u{E000}"

    /// Returns the root value, or nil for a file without one.
    static func compose(_ text: String, file: String) throws(ConfigError) -> ConfigNode? {
        guard text.utf8.count <= maximumSize else {
            throw ConfigError(file: file, problem: "the file is larger than \(maximumSize >> 10) KiB")
        }
        do {
            if text.contains("*") && text.contains("&") {
                try refuseAliasBomb(text, file: file)
            }
            return try Parser(yaml: text, resolver: .basic, encoding: .utf8).singleRoot().map {
                ConfigNode(node: $0, file: file, path: "", line: $0.mark?.line)
            }
        } catch let error as YamlError {
            throw ConfigError(error, file: file)
        } catch let error as ConfigError {
            throw error
        } catch {
            throw ConfigError(file: file, problem: "cannot read the file as YAML")
        }
    }

    /// Counts what the aliases stand for before they are followed.
    ///
    /// Yams hashes every key with all that its aliases bring along, so a bomb has to be found while aliases are plain
    /// text. `*` has no other part in YAML's structure.
    private static func refuseAliasBomb(_ text: String, file: String) throws {
        let marked = text.split(separator: "*", omittingEmptySubsequences: false).joined(separator: aliasMark)
        let parser = try Parser(yaml: marked, resolver: .basic, encoding: .utf8)
        // The nodes hold their anchors weakly, the parser strongly.
        try withExtendedLifetime(parser) {
            var sizes: [String: Int] = [:]
            guard let root = try parser.singleRoot() else { return }
            if try expandedSize(of: root, &sizes, file: file) > maximumValues {
                throw ConfigError(file: file, problem: "the aliases stand for more than \(maximumValues) values")
            }
        }
    }

    private static func expandedSize(of node: Node, _ sizes: inout [String: Int], file: String) throws -> Int {
        var size = 1
        switch node {
        case .scalar(let scalar):
            if let name = aliasName(scalar) { size = sizes[name] ?? 1 }
        case .sequence(let values):
            for value in values { size += try expandedSize(of: value, &sizes, file: file) }
        case .mapping(let pairs):
            for (key, value) in pairs {
                guard case .scalar(let scalar) = key, aliasName(scalar) == nil else {
                    throw ConfigError(file: file, line: key.mark?.line, problem: "a key must be plain text")
                }
                size += 1 + (try expandedSize(of: value, &sizes, file: file))
            }
        case .alias:
            break
        }
        size = min(size, maximumValues + 1)
        if let anchor = node.anchor { sizes[anchor.rawValue] = size }
        return size
    }

    private static func aliasName(_ scalar: Node.Scalar) -> String? {
        guard scalar.style == .plain, scalar.string.hasPrefix(aliasMark) else { return nil }
        return String(scalar.string.dropFirst())
    }
}

extension ConfigError {
    /// Says what libyaml and Yams found, in the file's terms.
    fileprivate init(_ error: YamlError, file: String) {
        switch error {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            // libyaml names its own functions here.
            let isTooDeep = problem.contains("nesting level")
            let text = isTooDeep ? "the values are nested too deep" : "broken YAML, \(problem)"
            self.init(file: file, line: mark.line, problem: text)
        case .reader(let problem, let offset, _, let yaml):
            let line = offset.map { 1 + yaml.prefix($0).count(where: \.isNewline) }
            self.init(file: file, line: line, problem: "broken YAML, \(problem)")
        case .duplicatedKeysInMapping(let duplicates, let context):
            let key = duplicates.first ?? ""
            self.init(
                file: file, line: context.mark.line, key: key, problem: "the key '\(key)' is there twice, first here")
        default:
            self.init(file: file, problem: "cannot read the file as YAML")
        }
    }
}
