/// What is wrong with a configuration file, and where.
package struct ConfigError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The file's name, as given to the parser.
    package var file: String

    /// The line, counted from 1; nil when the file as a whole is meant.
    package var line: Int?

    /// The key with its parents (`health.timeout`); nil when no key is at fault.
    package var key: String?

    /// One phrase that names the failure, without a full stop.
    package var problem: String

    /// One phrase that says what to write instead (`did you mean 'processes'?`).
    package var suggestion: String?

    /// Makes an error.
    package init(file: String, line: Int? = nil, key: String? = nil, problem: String, suggestion: String? = nil) {
        self.file = file
        self.line = line
        self.key = key
        self.problem = problem
        self.suggestion = suggestion
    }

    /// The whole error on one line: `bim.yml:7: unknown key 'proceses'; did you mean 'processes'?`.
    ///
    /// Control characters that the file smuggled into a name are shown as `?`.
    package var message: String {
        let place = line.map { "\(file):\($0)" } ?? file
        let text = "\(place): \(problem)" + (suggestion.map { "; \($0)" } ?? "")
        return String(
            String.UnicodeScalarView(
                text.unicodeScalars.map { scalar in
                    switch scalar.properties.generalCategory {
                    case .control, .format, .lineSeparator, .paragraphSeparator: "?"
                    default: scalar
                    }
                }))
    }

    /// The same as ``message``.
    package var description: String { message }
}
