/// A `Procfile`: one `name: command` on each line, as Dokku reads it, with names that can be DNS labels.
package enum Procfile {
    /// Returns the process types in the file's order, one called `release` among them if it is there.
    ///
    /// Empty lines and lines that begin with `#` do not count. Throws for anything else that is not a process type, for
    /// a name that occurs twice, and for the marks of an unfinished merge.
    package static func parse(_ text: String) throws(ConfigError) -> [ProcessType] {
        guard text.utf8.count <= ConfigDocument.maximumSize else {
            throw error("the file is larger than \(ConfigDocument.maximumSize >> 10) KiB")
        }
        var processes: [ProcessType] = []
        var names: Set<String> = []
        let lines = text.trimmingByteOrderMark.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        for (index, line) in lines.enumerated() {
            guard let process = try processType(line, number: index + 1) else { continue }
            guard names.insert(process.name).inserted else {
                throw error("the process type '\(process.name)' is there twice", line: index + 1, key: process.name)
            }
            processes.append(process)
        }
        return processes
    }

    private static func processType(_ line: Substring, number: Int) throws(ConfigError) -> ProcessType? {
        let line = line.trimmingWhitespace
        if line.isEmpty || line.hasPrefix("#") { return nil }
        guard !["<<<<<<<", "=======", ">>>>>>>", "|||||||"].contains(where: line.hasPrefix) else {
            throw error("a merge is unfinished here", line: number, suggestion: "resolve the conflict and commit")
        }
        guard let colon = line.firstIndex(of: ":") else {
            throw error("a line without a process type", line: number, suggestion: "write '<name>: <command>'")
        }
        let name = String(line[..<colon])
        if let problem = ProcessType.problem(withName: name) {
            throw error(problem.text, line: number, key: name, suggestion: problem.suggestion)
        }
        let command = String(line[line.index(after: colon)...].trimmingWhitespace)
        guard !command.isEmpty else {
            throw error("the process type '\(name)' has no command", line: number, key: name)
        }
        let isText = command.unicodeScalars.allSatisfy { $0 == "\t" || $0.properties.generalCategory != .control }
        guard isText else {
            throw error("the command of '\(name)' holds a control character", line: number, key: name)
        }
        return ProcessType(name: name, command: command)
    }

    private static func error(
        _ problem: String, line: Int? = nil, key: String? = nil, suggestion: String? = nil
    ) -> ConfigError {
        ConfigError(file: "Procfile", line: line, key: key, problem: problem, suggestion: suggestion)
    }
}

extension ProcessType {
    /// Says what is wrong with a name; nil for a good one.
    static func problem(withName name: String) -> (text: String, suggestion: String)? {
        let limit = 63
        if DNSLabel.isValid(name, maximumLength: limit) { return nil }
        let nearest = DNSLabel.nearest(to: name)
        let fits = DNSLabel.isValid(nearest, maximumLength: limit)
        return (
            "'\(name)' cannot be a process type's name",
            fits ? "did you mean '\(nearest)'?" : DNSLabel.rule(maximumLength: limit)
        )
    }
}

extension StringProtocol {
    /// The text without white space at both ends.
    var trimmingWhitespace: SubSequence {
        let start = self.drop(while: \.isWhitespace)
        let end = start.lastIndex { !$0.isWhitespace }.map { start.index(after: $0) } ?? start.startIndex
        return self[start.startIndex..<end]
    }

    /// The text without a byte order mark at its start.
    var trimmingByteOrderMark: SubSequence {
        unicodeScalars.first == "\u{FEFF}" ? self[unicodeScalars.index(after: startIndex)...] : self[...]
    }
}
