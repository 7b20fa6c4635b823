/// The body of `POST …/environments/{env}/rollback`.
package struct RollbackRequest: Codable, Sendable, Equatable {
    /// The release to go back to; nil is the one before the live one.
    package var release: Int?
    /// Whether its release command runs again.
    package var runReleaseCommand: Bool?
    package var message: String?
    /// The program that asks, as `name/version`.
    package var client: String

    package init(release: Int?, runReleaseCommand: Bool? = nil, message: String? = nil, client: String) {
        self.release = release
        self.runReleaseCommand = runReleaseCommand
        self.message = message
        self.client = client
    }

    enum CodingKeys: String, CodingKey {
        case release, message, client
        case runReleaseCommand = "run_release_command"
    }
}

/// The body of `PATCH …/environments/{env}/config`: names to set, and with null those to remove (RFC 7396).
package typealias ConfigPatch = [String: ConfigValue?]

/// A value that is set for an environment.
package struct ConfigValue: Codable, Sendable, Equatable {
    package var value: String
    /// Whether nobody can read it again but the app.
    package var secret: Bool

    package init(value: String, secret: Bool) {
        self.value = value
        self.secret = secret
    }
}

/// A variable of an environment as the API shows it.
package struct ConfigVariable: Codable, Sendable, Equatable {
    package var name: String
    /// Nil for a secret.
    package var value: String?
    package var secret: Bool

    package init(name: String, value: String?, secret: Bool) {
        self.name = name
        self.value = value
        self.secret = secret
    }
}

/// The answer to a change of an environment's configuration.
package struct ConfigChange: Codable, Sendable, Equatable {
    /// All that is set now, by name.
    package var config: [ConfigVariable]
    /// The deployment that makes it live; nil where nothing was live.
    package var deployment: Deployment?

    package init(config: [ConfigVariable], deployment: Deployment?) {
        self.config = config
        self.deployment = deployment
    }
}

/// A line that an app has printed.
package struct LogLine: Codable, Sendable, Equatable {
    package var time: String
    /// The process type, `release` for the release command, `bim` for what the platform has to say.
    package var process: String
    package var message: String

    package init(time: String, process: String, message: String) {
        self.time = time
        self.process = process
        self.message = message
    }
}
