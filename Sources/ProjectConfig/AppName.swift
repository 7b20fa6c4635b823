/// The rule for an app's name, without its user.
package enum AppName {
    /// The longest name, in characters.
    package static let maximumLength = 40

    /// A name that an app can have and that is most like the text.
    package static func nearest(to text: String) -> String {
        let label = DNSLabel.nearest(to: String(text.prefix(maximumLength)))
        return label.isEmpty ? "app" : label
    }

    /// Throws when the name is not `[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?`.
    package static func validate(_ name: String) throws(InvalidAppName) {
        guard DNSLabel.isValid(name, maximumLength: maximumLength) else { throw InvalidAppName(name: name) }
    }
}

/// A name that no app can have.
package struct InvalidAppName: Error, Sendable, Equatable {
    /// The name.
    package var name: String

    /// What is wrong, in one phrase.
    package var problem: String { "'\(name)' cannot be an app name" }

    /// The rule, in one phrase.
    package var suggestion: String { DNSLabel.rule(maximumLength: AppName.maximumLength) }
}
