import Diagnostics
import GitCore
import ProcessRunner
import PushPipeline

#if canImport(Glibc)
    import Glibc
#endif

/// `git-remote-bim`: what git runs for a `bim::` URL (gitremote-helpers).
@main
enum GitRemoteBim {
    private static let explanation = """
        git-remote-bim \(Diagnostics.version): git runs this program for remotes whose URL begins with 'bim::'.

            git remote add bim bim::local/<app>     an app on this machine
            git push bim main                       test, build, upload and deploy it

        'git bim -h' names the other commands.

        """

    static func main() async {
        let arguments = Array(CommandLine.arguments.dropFirst())
        switch arguments.first {
        case nil, "-h", "--help":
            print(explanation, terminator: "")
            exit(arguments.isEmpty ? 2 : 0)
        case "--version":
            print("git-remote-bim \(Diagnostics.version)")
            exit(0)
        default: break
        }
        guard arguments.count == 2 else {
            LineReporter.toStandardError(
                "error: the remote '\(arguments[0])' has no URL\nhint: git remote set-url \(arguments[0]) bim::local/<app>\n"
            )
            exit(2)
        }
        let channel = GitChannel.standard()
        let signals = EndingSignals { channel.end(.signal($0)) }
        let location = RepositoryLocation(environment: ProcessEnvironment.current, folder: ".")
        let status = await RemoteHelperRun(
            channel: channel, location: location, remote: arguments[0], address: arguments[1]
        ).run()
        withExtendedLifetime(signals) { exit(status) }
    }
}
