import ArgumentParser
import Diagnostics
import PushPipeline

/// `git bim config`: the environment variables of an environment's releases.
struct ConfigCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config",
        abstract: "Shows and changes what an environment's releases find in their environment variables.",
        subcommands: [List.self, Set.self, Unset.self], defaultSubcommand: List.self)

    struct EnvironmentOption: ParsableArguments {
        @Option(help: "The environment; by default production.")
        var env: String?
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lists the variables; the values of secrets are known to the app alone.")

        @OptionGroup var environment: EnvironmentOption
        @OptionGroup var options: CommandOptions

        func run() async throws {
            try await AppConfig(of: environment.env, remote: options.remote, variables: ProcessEnvironment.current)
                .list().print(asJSON: options.json)
        }
    }

    struct Set: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Sets variables, and makes a release that has them.",
            discussion: "git bim config set --secret DATABASE_URL < file   keeps the value out of the shell's history")

        @Argument(help: "<NAME>=<value>; a single <NAME> takes its value from standard input.")
        var pairs: [String]

        @Flag(help: "Nobody can read the values again but the app.")
        var secret = false

        @OptionGroup var environment: EnvironmentOption
        @OptionGroup var options: CommandOptions

        func validate() throws {
            if pairs.count > 1, let bare = pairs.first(where: { !$0.contains("=") }) {
                throw ValidationError("'\(bare)' has no '='; a value from standard input goes alone")
            }
        }

        func run() async throws {
            var values: [String: String?] = [:]
            for pair in pairs {
                let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                values[String(parts[0])] = parts.count > 1 ? String(parts[1]) : Self.standardInput()
            }
            try await AppConfig(of: environment.env, remote: options.remote, variables: ProcessEnvironment.current)
                .change(values, isSecret: secret).print(asJSON: options.json)
        }

        /// Everything, without the last line's end.
        private static func standardInput() -> String {
            var text = ""
            while let line = readLine(strippingNewline: false) { text += line }
            return text.hasSuffix("\n") ? String(text.dropLast()) : text
        }
    }

    struct Unset: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Removes variables, and makes a release without them.")

        @Argument(help: "The names.")
        var names: [String]

        @OptionGroup var environment: EnvironmentOption
        @OptionGroup var options: CommandOptions

        func run() async throws {
            let values = Dictionary(names.map { ($0, String?.none) }) { first, _ in first }
            try await AppConfig(of: environment.env, remote: options.remote, variables: ProcessEnvironment.current)
                .change(values, isSecret: false).print(asJSON: options.json)
        }
    }
}
