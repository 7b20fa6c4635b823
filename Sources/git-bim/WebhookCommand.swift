import ArgumentParser
import Diagnostics
import PushPipeline

/// `git bim webhook`: who is told how the deployments of an environment end.
struct WebhookCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "webhook",
        abstract: "Shows and changes who is told how the deployments of an environment end.",
        subcommands: [Show.self, Set.self, Remove.self], defaultSubcommand: Show.self)

    struct Place: ParsableArguments {
        @Option(help: "The environment; by default production.")
        var env: String?

        @OptionGroup var options: CommandOptions

        var webhook: AppWebhook {
            AppWebhook(of: env, remote: options.remote, variables: ProcessEnvironment.current)
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Shows the URL, and what became of the last message.")

        @OptionGroup var place: Place

        func run() async throws { try await place.webhook.show().print(asJSON: place.options.json) }
    }

    struct Set: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Sends a signed message to a URL at the end of each deployment.",
            discussion: """
                The secret that signs is read from standard input, or asked for where that is a terminal.
                git bim webhook set https://ci.example.com/deployed < secret
                """)

        @Argument(help: "https://…, or http://… on this machine.")
        var url: String

        @OptionGroup var place: Place

        func run() async throws {
            let secret: () throws(UserError) -> String = {
                () throws(UserError) in
                try SecretPrompt.read(
                    "secret of the webhook", missing: .configInvalid,
                    hint: "git bim webhook set <url> < <a file with the secret>")
            }
            try await place.webhook.set(url, secret: secret).print(asJSON: place.options.json)
        }
    }

    struct Remove: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Tells nobody any more.")

        @OptionGroup var place: Place

        func run() async throws { try await place.webhook.remove().print(asJSON: place.options.json) }
    }
}
