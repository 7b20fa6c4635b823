extension BuildSettings {
    /// Reads `build`.
    init(_ node: ConfigNode) throws(ConfigError) {
        let keys = try ConfigMapping(
            node,
            keys: [
                "builder", "steps", "output", "caches", "environment", "secrets", "network", "timeout", "dockerfile",
                "dagger",
            ])
        if let node = keys["builder"] { builder = try node.choice(Kind.self) }
        if let node = keys["steps"] { steps = try BuildStep.steps(node) }
        if let node = keys["output"] { output = try node.texts() }
        if let node = keys["caches"] { caches = try node.folders() }
        if let node = keys["environment"] { environment = try node.variables() }
        if let node = keys["secrets"] { secrets = try Self.secrets(node) }
        if let node = keys["network"] { network = try node.boolean() }
        if let node = keys["timeout"] { timeoutSeconds = try node.seconds(in: 1...86_400) }
        if let node = keys["dockerfile"] { dockerfile = try DockerfileSettings(node) }
        if let node = keys["dagger"] { dagger = try DaggerSettings(node) }
        try settleBuilder(keys)
    }

    /// What the file configures is what it wants; two ways at once need a word.
    private mutating func settleBuilder(_ keys: ConfigMapping) throws(ConfigError) {
        let configured = [Kind.steps, .dockerfile, .dagger].filter { keys[$0.rawValue] != nil }
        guard let builder else {
            if configured.count > 1, let node = keys[configured[1].rawValue] {
                throw node.error(
                    "'build' has both '\(configured[0].rawValue)' and '\(configured[1].rawValue)'",
                    suggestion: "say which with 'builder: \(configured[0].rawValue)'")
            }
            builder = configured.first
            return
        }
        if let other = configured.first, !configured.contains(builder), let node = keys[other.rawValue] {
            throw node.error(
                "'\(node.path)' has no meaning with 'builder: \(builder.rawValue)'",
                suggestion: "remove it, or write 'builder: \(other.rawValue)'")
        }
    }

    /// Names that can be an option's value, a file's name and a part of a variable's name alike.
    private static func secrets(_ node: ConfigNode) throws(ConfigError) -> [String] {
        let names = try node.texts()
        let isName = { (name: String) in
            name.unicodeScalars.allSatisfy { $0.isLetterOrDigit || $0 == "_" || $0 == "-" } && name.count <= 63
        }
        guard let wrong = names.first(where: { !isName($0) }) else { return names }
        throw node.error(
            "'\(wrong)' cannot be a secret's name",
            suggestion: "write names alone, such as 'npmrc'; where a secret comes from is each pusher's own setting")
    }
}

extension BuildStep {
    fileprivate static func steps(_ node: ConfigNode) throws(ConfigError) -> [BuildStep] {
        var steps: [BuildStep] = []
        for item in node.items() { steps.append(try BuildStep(item)) }
        guard !steps.isEmpty else { throw node.error("'\(node.path)' names no step") }
        return steps
    }

    private init(_ node: ConfigNode) throws(ConfigError) {
        guard node.isMapping else {
            self.init(try node.command())
            return
        }
        let keys = try ConfigMapping(node, keys: ["run", "test", "name", "inputs", "environment"])
        guard keys["run"] == nil || keys["test"] == nil else {
            throw node.error("a step is either 'run' or 'test'", suggestion: "make two steps of it")
        }
        let command = if let test = keys["test"] { test } else { try keys.required("run") }
        self.init(try command.command(), name: try keys["name"]?.text())
        isTest = keys["test"] != nil
        if let node = keys["inputs"] { inputs = try node.folders() }
        if let node = keys["environment"] { environment = try node.variables() }
    }
}

extension DockerfileSettings {
    fileprivate init(_ node: ConfigNode) throws(ConfigError) {
        guard node.isMapping else {
            file = try node.folders().first
            return
        }
        let keys = try ConfigMapping(node, keys: ["file", "target", "test", "args", "platform", "network", "tool"])
        if let node = keys["file"] { file = try node.folders().first }
        if let node = keys["target"] { target = try node.option() }
        if let node = keys["test"] { test = try node.option() }
        if let node = keys["args"] { arguments = try node.variables() }
        if let node = keys["platform"] {
            let platform = try node.word()
            guard platform.split(separator: "/", omittingEmptySubsequences: false).count >= 2 else {
                throw node.error("'\(platform)' is no platform", suggestion: "write it like 'linux/amd64'")
            }
            self.platform = platform
        }
        if let node = keys["network"] { network = try node.option() }
        if let node = keys["tool"] { tool = try node.choice(Tool.self) }
    }
}

extension DaggerSettings {
    fileprivate init(_ node: ConfigNode) throws(ConfigError) {
        let keys = try ConfigMapping(node, keys: ["module", "call", "arguments", "source", "test", "script"])
        if let node = keys["module"] { module = try node.option() }
        if let node = keys["call"] { call = try node.option() }
        if let node = keys["arguments"] { arguments = try node.texts() }
        if let node = keys["source"] { source = try node.option() }
        if let node = keys["test"] { test = try node.option() }
        if let node = keys["script"] {
            script = try node.folders().first
            if let call = keys["call"] ?? keys["module"] {
                throw call.error(
                    "'\(call.path)' has no meaning beside 'script'", suggestion: "remove one of the two")
            }
        }
    }
}

extension ConfigNode {
    /// Returns one of an enumeration's words.
    fileprivate func choice<Choice: RawRepresentable<String> & CaseIterable>(
        _ type: Choice.Type
    ) throws(ConfigError) -> Choice {
        let word = try word()
        if let choice = Choice(rawValue: word) { return choice }
        let known = Choice.allCases.map(\.rawValue)
        let all = known.map { "'\($0)'" }.joined(separator: ", ")
        throw error(
            "'\(word)' is no value of '\(path)'",
            suggestion: NearestName.nearest(to: word, among: known).map { "did you mean '\($0)'?" }
                ?? "write one of \(all)")
    }

    /// Returns a word that a program will not take for an option.
    fileprivate func option() throws(ConfigError) -> String {
        let word = try word()
        guard !word.hasPrefix("-") else { throw error("'\(path)' must not begin with '-'") }
        return word
    }
}
