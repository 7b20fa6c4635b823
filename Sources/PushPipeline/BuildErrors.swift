internal import Artifacts
internal import Builders
internal import Diagnostics
internal import ProcessRunner

extension BuildFailure {
    /// The error for people.
    var userError: UserError {
        let whole = log.map { "the whole output is in \($0)" }
        switch kind {
        case .command(let step, let status):
            let isMissing = status == .exited(127)
            return error(
                .buildFailed, "the build failed: '\(step)' \(status.sentencePart)",
                isMissing ? "a program was not found; install it, or change the step in bim.yml" : nil, whole)
        case .said(let step, let words): return error(.buildFailed, "'\(step)' failed: \(words)", nil, whole)
        case .test(let step, let status):
            return error(.testsFailed, "the build's test '\(step)' \(status.sentencePart)", nil, whole)
        case .timedOut(let step, let limit, let isTest):
            return error(
                isTest ? .testsTimeout : .buildTimeout,
                "the build did not end within \(limit.short); it was at '\(step)'",
                "raise 'timeout' under 'build' in bim.yml", whole)
        case .toolMissing(let names):
            let list = names.map { "'\($0)'" }.joined(separator: ", ")
            return UserError(
                .noBuilder,
                "the build needs \(names.count == 1 ? "" : "one of ")\(list), which \(names.count == 1 ? "is" : "are") not on the PATH",
                hint: Self.installHint(names))
        case .unavailable(let tool, let said):
            return UserError(
                .builderUnavailable, "'\(tool)' does not answer: \(said)",
                hint: tool == "docker" || tool == "buildx"
                    ? "start it: sudo systemctl start docker; or name another one: DOCKER_HOST, or build.dockerfile.tool in bim.yml"
                    : "start what '\(tool)' speaks to, or name another tool in bim.yml under 'build'")
        case .noSpace:
            return error(
                .quota, "no space is left where the image is built",
                "free some: docker system prune, podman system prune", whole)
        case .platform(let wanted, let made):
            return UserError(
                .platformMismatch,
                "the build made an image for \(made), and the platform runs \(wanted.os)/\(wanted.architecture)",
                hint: "set build.dockerfile.platform to \(wanted.os)/\(wanted.architecture), or use a base image for it"
            )
        case .unusable(let why):
            return error(.buildFailed, "the build made no usable artifact: \(why)", nil, whole)
        case .noOutput(let pattern):
            return error(
                .buildFailed, "the build made nothing that 'build.output' calls '\(pattern)'",
                "correct 'output' in bim.yml, commit and push again", whole)
        case .sandbox(let why):
            return UserError(
                .noBuilder, "build steps run in a sandbox, and none can be made here: \(why)",
                hint: "sudo apt-get install bubblewrap; or, to run them as you: git config bim.buildSandbox false")
        case .secretMissing(let name):
            let variable = name.uppercased().split(separator: "-", omittingEmptySubsequences: false).joined(
                separator: "_")
            return UserError(
                .configInvalid, "the build wants the secret '\(name)', and nothing says where it comes from",
                hint: "git config bim.secret.\(name) <file>, or put it into the variable BIM_SECRET_\(variable)")
        }
    }

    private func error(_ code: ErrorCode, _ message: String, _ hint: String?, _ more: String?) -> UserError {
        let hints = [hint, more].compactMap(\.self)
        return UserError(code, message, hint: hints.isEmpty ? nil : hints.joined(separator: "; "))
    }

    private static func installHint(_ names: [String]) -> String {
        let install =
            switch names.first {
            case "docker", "buildx": "sudo apt-get install docker.io, podman or buildah"
            case "podman", "buildah": "sudo apt-get install \(names[0])"
            case "dagger": "install it: https://docs.dagger.io/install"
            case let name?: "install '\(name)'"
            case nil: "install it"
            }
        return "\(install); or do without: 'build: { builder: own }' in bim.yml packages what the commit holds"
    }
}

extension BuilderChoice.FileMissing {
    var userError: UserError {
        UserError(
            .configInvalid, "the build in bim.yml needs '\(path)', which the commit does not have",
            hint: "commit one of \(lookedFor), or change 'build' in bim.yml")
    }
}

extension ExitStatus {
    /// The end as part of a sentence.
    fileprivate var sentencePart: String {
        switch self {
        case .exited(let code): "exited with status \(code)"
        case .signaled(let number): "was ended by signal \(number)"
        }
    }
}
