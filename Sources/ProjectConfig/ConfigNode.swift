import Yams

/// One value of the file, with its place for errors.
struct ConfigNode {
    let node: Node
    let file: String
    /// The keys that lead here, joined by dots; empty for the root.
    let path: String
    /// The line of the key, or of the value where it has none.
    let line: Int?

    /// Makes an error about this value.
    func error(_ problem: String, suggestion: String? = nil) -> ConfigError {
        ConfigError(file: file, line: line, key: path.isEmpty ? nil : path, problem: problem, suggestion: suggestion)
    }

    /// True when the value is a mapping.
    var isMapping: Bool {
        if case .mapping = node { true } else { false }
    }

    /// True when there is no value, as in `health:` or an empty file.
    var isNothing: Bool {
        if case .scalar(let scalar) = node { scalar.style == .plain && Self.isNothing(scalar.string) } else { false }
    }

    /// Returns the value as text; numbers, truth values and nothing must be quoted to be text.
    func text() throws(ConfigError) -> String {
        let scalar = try nonEmptyScalar("text")
        guard scalar.style != .plain || scalar.tag.rawValue == Tag.Name.str.rawValue || !Self.isTyped(scalar.string)
        else {
            throw error("'\(path)' must be text", suggestion: "put it in quotes: \"\(scalar.string)\"")
        }
        let text = scalar.string
        guard !text.allSatisfy(\.isWhitespace) else { throw error("'\(path)' is empty") }
        guard !text.unicodeScalars.contains("\0") else { throw error("'\(path)' holds a NUL") }
        return text
    }

    /// Returns the text of a scalar of any type.
    func anyScalar() throws(ConfigError) -> String {
        guard case .scalar(let scalar) = node else { throw error("'\(path)' must be a single value") }
        guard !isNothing else {
            throw error("'\(path)' has no value", suggestion: "write \"\" for an empty text")
        }
        return scalar.string
    }

    /// Returns a list of texts; one text alone is a list of one.
    func texts() throws(ConfigError) -> [String] {
        guard case .sequence(let values) = node else { return [try text()] }
        var texts: [String] = []
        for value in values {
            texts.append(try ConfigNode(node: value, file: file, path: path, line: value.mark?.line).text())
        }
        return texts
    }

    /// Returns the values of a list; one value alone is a list of one.
    func items() -> [ConfigNode] {
        guard case .sequence(let values) = node else { return [self] }
        return values.map { ConfigNode(node: $0, file: file, path: path, line: $0.mark?.line) }
    }

    /// Returns a whole number in the range.
    func integer(in range: ClosedRange<Int>) throws(ConfigError) -> Int {
        let scalar = try nonEmptyScalar("a number")
        guard scalar.style == .plain, let number = Self.decimal(scalar.string), range.contains(number) else {
            throw error("'\(path)' must be a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    /// Returns a list of whole numbers in the range; one number alone is a list of one.
    func integers(in range: ClosedRange<Int>) throws(ConfigError) -> [Int] {
        guard case .sequence(let values) = node else { return [try integer(in: range)] }
        var numbers: [Int] = []
        for value in values {
            numbers.append(
                try ConfigNode(node: value, file: file, path: path, line: value.mark?.line).integer(in: range))
        }
        return numbers
    }

    /// Returns a time in seconds: `30`, `30s`, `5m` or `2h`.
    func seconds(in range: ClosedRange<Int>) throws(ConfigError) -> Int {
        let text = try nonEmptyScalar("a time").string
        let units: [Character: Int] = ["s": 1, "m": 60, "h": 3600]
        let unit = text.last.flatMap { units[$0] }
        guard let number = Self.decimal(unit == nil ? text : String(text.dropLast())),
            range.contains(number * (unit ?? 1))
        else {
            throw error(
                "'\(path)' must be a time from \(range.lowerBound) to \(range.upperBound) seconds",
                suggestion: "write it as 30, 30s or 5m")
        }
        return number * (unit ?? 1)
    }

    /// Returns a truth value.
    func boolean() throws(ConfigError) -> Bool {
        let scalar = try nonEmptyScalar("true or false")
        switch scalar.style == .plain ? scalar.string.lowercased() : "" {
        case "true", "yes", "on": return true
        case "false", "no", "off": return false
        default: throw error("'\(path)' must be true or false")
        }
    }

    private func nonEmptyScalar(_ kind: String) throws(ConfigError) -> Node.Scalar {
        guard case .scalar(let scalar) = node else { throw error("'\(path)' must be \(kind)") }
        guard !isNothing else { throw error("'\(path)' has no value") }
        return scalar
    }

    private static func isNothing(_ text: String) -> Bool {
        ["", "~", "null"].contains(text.lowercased())
    }

    /// Tells whether YAML takes unquoted text for something else than text.
    private static func isTyped(_ text: String) -> Bool {
        let words = ["true", "false", "yes", "no", "on", "off"]
        return words.contains(text.lowercased()) || Double(text) != nil
    }

    /// At most nine digits, no leading zero, which YAML takes for octal.
    private static func decimal(_ text: String) -> Int? {
        guard (1...9).contains(text.utf8.count), text == "0" || text.first != "0",
            text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) })
        else { return nil }
        return Int(text)
    }
}
