internal import ProcessRunner
internal import ProjectConfig

/// The command lines of Dagger's CLI, each in the spelling of 0.18 to 0.21 first and that of 1.0 second.
struct DaggerCalls {
    private let settings: DaggerSettings
    private let environment: [String: String]
    /// The folder with the commit's files.
    private let source: String
    private let output: String

    init(_ settings: DaggerSettings, environment: [String: String], source: String, output: String) {
        self.settings = settings
        self.source = source
        self.output = output
        // `_EXPERIMENTAL_DAGGER_RUNNER_HOST`, which names a shared engine, passes as the pusher set it.
        self.environment = CleanEnvironment.forCommands(from: environment).merging([
            "DAGGER_NO_NAG": "1", "DAGGER_NO_UPDATE_CHECK": "1", "DO_NOT_TRACK": "1", "NO_COLOR": "1",
            "BIM_OUTPUT": output,
        ]) { $1 }
    }

    /// Calls a function of the module.
    ///
    /// - Parameter output: where what it returns is exported; nil only calls it.
    func function(_ name: String, output: String?) -> [Command] {
        let module = settings.module.map { ["-m", $0] } ?? []
        let arguments =
            [name, "--\(settings.source)=\(source)"] + (output == nil ? [] : settings.arguments)
            + (output.map { ["-o", $0] } ?? [])
        return [["call"], ["api", "call"]].map { command(["--progress=plain"] + module + $0 + arguments) }
    }

    /// Runs the script inside of a session; it exports its image or folder to the path in `BIM_OUTPUT`.
    func script(_ path: String) -> [Command] {
        // Python would find the script itself where it looks for a package of the same name.
        let isPython = path.hasSuffix(".py")
        let program = isPython ? ["python3", "-P", path] : ["./\(path)"]
        return [["run"], ["api", "with-session"]].map { command(["--progress=plain"] + $0 + program) }
    }

    private func command(_ arguments: [String]) -> Command {
        Command("dagger", arguments, environment: environment, workingDirectory: source)
    }
}
