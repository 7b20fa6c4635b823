/// One thing that bim-hooks' doctor found.
package struct Finding: Sendable, Equatable, Encodable {
    package enum Level: String, Sendable, Encodable {
        case fine, note, problem
    }

    package let level: Level
    package let text: String
    /// What to do, as a command where there is one.
    package let hint: String?

    static func fine(_ text: String) -> Finding { Finding(level: .fine, text: text, hint: nil) }
    static func note(_ text: String, hint: String? = nil) -> Finding { Finding(level: .note, text: text, hint: hint) }
    static func problem(_ text: String, hint: String) -> Finding { Finding(level: .problem, text: text, hint: hint) }
}
