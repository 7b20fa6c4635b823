/// The text form that app, environment and process type names share: it can be a part of a host name (RFC 1123).
enum DNSLabel {
    /// Tells whether the text is `[a-z0-9]([a-z0-9-]*[a-z0-9])?` and not longer than `maximumLength`.
    static func isValid(_ text: String, maximumLength: Int) -> Bool {
        (1...maximumLength).contains(text.utf8.count) && text.utf8.allSatisfy(isAllowed)
            && text.utf8.first != UInt8(ascii: "-") && text.utf8.last != UInt8(ascii: "-")
    }

    /// The nearest label: lower case, one hyphen for each run of other characters; empty when nothing is left.
    static func nearest(to text: String) -> String {
        let lower = text.lowercased().utf8.map { isAllowed($0) ? $0 : UInt8(ascii: "-") }
        let words = lower.split(separator: UInt8(ascii: "-"))
        return String(decoding: Array(words.joined(separator: [UInt8(ascii: "-")])), as: UTF8.self)
    }

    /// The rule in words.
    static func rule(maximumLength: Int) -> String {
        "use at most \(maximumLength) lower-case letters, digits and hyphens, no hyphen first or last"
    }

    private static func isAllowed(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"): true
        default: false
        }
    }
}
