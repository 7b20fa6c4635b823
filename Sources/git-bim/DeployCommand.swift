import ArgumentParser
import Diagnostics
import ProcessRunner
import PushPipeline

/// `git bim deploy`: a push in other words, or a promotion.
struct DeployCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "deploy",
        abstract:
            "Pushes the branch that is checked out to an environment; with --to, makes what is built already live there.",
        discussion: """
            git bim deploy                        what the branch stands for
            git bim deploy staging                the same commit, to staging
            git bim deploy -a -m 'Fix login'      commits all changes of files that git knows, then pushes
            git bim deploy staging --to production   what is live in staging, the very same digest; nothing is built
            git bim deploy sha256:… --to staging     likewise an artifact, a commit, a release: 'staging/42'
            """)

    @Argument(help: "The environment; with --to, a digest, a commit, a release or the environment that has it.")
    var what: String?

    @Option(help: "Deploy without a build, to this environment.")
    var to: String?

    @Flag(name: .shortAndLong, help: "Commit all changes of files that git knows first; needs -m.")
    var all = false

    @Option(
        name: .shortAndLong,
        help: "Commit what is staged with this message first; with --to, stands in the history.")
    var message: String?

    @Flag(help: "Return while the deployment goes on; 'git bim watch <id>' follows it.")
    var detach = false

    @OptionGroup var options: CommandOptions

    func validate() throws {
        if all, message == nil { throw ValidationError("-a needs -m <message>") }
        if to != nil, what == nil { throw ValidationError("--to needs what to deploy, such as a digest") }
        if to != nil, all || detach { throw ValidationError("--to makes no commit, and waits") }
    }

    func run() async throws {
        let run = DeployRun(
            remote: options.remote, variables: ProcessEnvironment.current, isJSON: options.json,
            print: StandardOutput.write)
        let (what, to, message) = (what, to, message)
        var wish = DeployRun.Wish()
        (wish.environment, wish.commitsAll, wish.message, wish.detaches) = (what, all, message, detach)
        let push = wish
        let status = await EndingSignals.canceling {
            if let to, let what { return await run.promote(what, to: to, message: message) }
            return await run.push(push)
        }
        if status != 0 { throw ExitCode(status) }
    }
}
