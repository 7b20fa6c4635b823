extension ProjectConfig {
    /// Reads a `bim.yml`. An empty file means the ``default``; keys that begin with `x-` are free at every level.
    ///
    /// Throws for broken YAML, files over 256 KiB, alias bombs, unknown keys, wrong types, values out of range and two
    /// environments that claim one branch.
    package static func parse(_ text: String, file: String = "bim.yml") throws(ConfigError) -> ProjectConfig {
        guard let root = try ConfigDocument.compose(text, file: file), !root.isNothing else { return .default }
        return try ProjectConfig(root)
    }

    private init(_ node: ConfigNode) throws(ConfigError) {
        let keys = try ConfigMapping(
            node,
            keys: [
                "app", "image", "processes", "port", "health", "release", "grace", "environments", "hooks", "registry",
                "build", "artifact", "deploy",
            ])
        if let node = keys["app"] { app = try Self.app(node) }
        if let node = keys["image"] { image = try ImageSettings(node) }
        if let node = keys["processes"] { processes = try Self.processes(node) }
        if let node = keys["port"] { port = try node.integer(in: 1...65535) }
        if let node = keys["health"] { health = try HealthCheck(node) }
        if let node = keys["release"] { releaseCommand = try node.command() }
        if let node = keys["grace"] { graceSeconds = try node.seconds(in: 1...300) }
        if let node = keys["environments"] { environments = try EnvironmentRule.rules(node) }
        if let node = keys["hooks"] { hooks = try Check.hooks(node) }
        if let node = keys["registry"] { registry = try Self.registry(node) }
        if let node = keys["build"] { build = try BuildSettings(node) }
        if let node = keys["artifact"] {
            guard let kind = ArtifactKind(rawValue: try node.word()) else {
                throw node.error("'artifact' must be 'image' or 'zip'")
            }
            artifact = kind
        }
        if let node = keys["deploy"] { deploy = try DeployCommand(node) }
    }

    private static func app(_ node: ConfigNode) throws(ConfigError) -> String {
        let name = try node.text()
        do {
            try AppName.validate(name)
        } catch {
            throw node.error(error.problem, suggestion: error.suggestion)
        }
        return name
    }

    private static func processes(_ node: ConfigNode) throws(ConfigError) -> [ProcessType] {
        var processes: [ProcessType] = []
        for entry in try ConfigMapping(node).entries {
            guard entry.key != "release" else {
                throw entry.value.error(
                    "'release' is no process type", suggestion: "write 'release' at the top of the file")
            }
            if let problem = ProcessType.problem(withName: entry.key) {
                throw entry.value.error(problem.text, suggestion: problem.suggestion)
            }
            processes.append(ProcessType(name: entry.key, command: try entry.value.command()))
        }
        guard !processes.isEmpty else { throw node.error("'processes' names no process type") }
        return processes
    }

    private static func registry(_ node: ConfigNode) throws(ConfigError) -> String {
        let registry = try node.word()
        guard !registry.contains("@") else {
            throw node.error(
                "'registry' must not hold credentials", suggestion: "use docker login or a credential helper")
        }
        return registry
    }
}

extension ImageSettings {
    fileprivate init(_ node: ConfigNode) throws(ConfigError) {
        let keys = try ConfigMapping(
            node,
            keys: [
                "base", "exclude", "max-layers", "environment", "entrypoint", "ports", "labels", "annotations",
                "blob-times", "created",
            ])
        if let node = keys["base"] { base = try node.word() }
        if let node = keys["exclude"] { exclude = try node.texts() }
        if let node = keys["max-layers"] { maximumLayers = try node.integer(in: 1...127) }
        if let node = keys["environment"] { environment = try node.variables() }
        if let node = keys["entrypoint"] { entrypoint = try node.texts() }
        if let node = keys["ports"] { ports = try node.integers(in: 1...65535) }
        if let node = keys["labels"] { labels = try node.words() }
        if let node = keys["annotations"] { annotations = try node.words() }
        if let node = keys["blob-times"] { blobTimes = try node.texts() }
        if let node = keys["created"] {
            switch try node.word() {
            case "tree": isOfCommit = false
            case "commit": isOfCommit = true
            default: throw node.error("'\(node.path)' must be 'tree' or 'commit'")
            }
        }
    }
}

extension HealthCheck {
    fileprivate init(_ node: ConfigNode) throws(ConfigError) {
        let keys = try ConfigMapping(node, keys: ["path", "timeout"])
        if let node = keys["path"] {
            let path = try node.word()
            guard path.hasPrefix("/") else {
                throw node.error("'\(node.path)' must begin with '/'", suggestion: "write '/\(path)'")
            }
            self.path = path
        }
        if let node = keys["timeout"] { timeoutSeconds = try node.seconds(in: 1...3600) }
    }
}

extension ConfigNode {
    /// Returns a command for `sh -c`, without the line feed that a YAML block ends with.
    func command() throws(ConfigError) -> String {
        var command = try text()
        while command.last?.isWhitespace == true { command.removeLast() }
        return command
    }

    /// Returns a mapping of any words to single values.
    fileprivate func words() throws(ConfigError) -> [String: String] {
        var words: [String: String] = [:]
        for entry in try ConfigMapping(self).entries { words[entry.key] = try entry.value.anyScalar() }
        return words
    }

    /// Returns a mapping of variables' names to their values.
    func variables() throws(ConfigError) -> [String: String] {
        var variables: [String: String] = [:]
        for entry in try ConfigMapping(self).entries {
            let letters = entry.key.utf8.allSatisfy { $0 == UInt8(ascii: "_") || UnicodeScalar($0).isLetterOrDigit }
            guard letters, let first = entry.key.first, !first.isNumber else {
                throw entry.value.error(
                    "'\(entry.key)' cannot be a variable's name",
                    suggestion: "use letters, digits and '_', no digit first")
            }
            variables[entry.key] = try entry.value.anyScalar()
        }
        return variables
    }

    /// Returns paths inside the commit's own files: neither absolute nor leading out of them.
    func folders() throws(ConfigError) -> [String] {
        var folders: [String] = []
        for text in try texts() {
            let parts = text.split(separator: "/").filter { $0 != "." }
            guard !text.hasPrefix("/"), !parts.isEmpty, !parts.contains(".."), text.first != "-" else {
                throw error(
                    "'\(text)' cannot be a path in '\(path)'",
                    suggestion: "name a file or folder of the project, such as 'vendor'")
            }
            folders.append(parts.joined(separator: "/"))
        }
        return folders
    }

    /// Returns text without white space and control characters.
    func word() throws(ConfigError) -> String {
        let word = try text()
        let isWord = word.unicodeScalars.allSatisfy {
            !$0.properties.isWhitespace && $0.properties.generalCategory != .control
        }
        guard isWord else { throw error("'\(path)' must not hold white space") }
        return word
    }
}

extension UnicodeScalar {
    /// True for ASCII letters and digits.
    var isLetterOrDigit: Bool {
        isASCII && (properties.isAlphabetic || properties.numericType != nil)
    }
}
