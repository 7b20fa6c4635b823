/// What `git bim explain` says of a code; `docs/errors.md` is the same table for readers, held equal by a test.
package struct Explanation: Sendable, Equatable {
    package let code: ErrorCode
    package let meaning: String
    /// What to do, one thing.
    package let cure: String

    package init(of code: ErrorCode) {
        self.code = code
        (meaning, cure) = Self.texts(code)
    }

    private static func texts(_ code: ErrorCode) -> (meaning: String, cure: String) {
        switch code {
        case .testsFailed:
            (
                "a check of the pre-push hook failed on the pushed commit",
                "fix what its output shows, commit, push again"
            )
        case .testsTimeout:
            (
                "a check did not end within its time",
                "make it faster, or raise its `timeout` in `bim.yml`"
            )
        case .testsRequired:
            (
                "the environment takes only tested commits, and this one has no passed tests",
                "push without `--no-verify`, with bim's hooks installed"
            )
        case .branchNotMapped:
            (
                "the pushed ref belongs to no environment",
                "push a branch, or map it in `bim.yml` under `environments`; the message prints the mapping"
            )
        case .noBuilder:
            (
                "nothing says how to run the app, and it was not recognised; or a program that the build "
                    + "needs is missing",
                "add a `Procfile` with a line such as `web: python3 app.py`; install the program, or do "
                    + "without as the message says"
            )
        case .buildFailed:
            (
                "a build step failed, or the clone lacks a part of the commit",
                "read its output above the error, or the whole in the file that the hint names; fix it, "
                    + "commit, push again"
            )
        case .buildTimeout:
            (
                "the build did not end within its time",
                "make it faster, or raise `timeout` under `build` in `bim.yml`"
            )
        case .builderUnavailable:
            (
                "the program that builds is there, and what it speaks to does not answer, such as a "
                    + "Docker daemon that is not running",
                "start it, or name another one in `bim.yml` under `build`"
            )
        case .platformMismatch:
            (
                "the artifact is for another operating system or architecture than the platform runs",
                "build for one that the platform offers; the message lists them"
            )
        case .artifactTooLarge:
            (
                "the artifact is larger than the platform takes",
                "leave files out under `image`, `exclude` in `bim.yml`"
            )
        case .registryAuth:
            (
                "the registry or bucket does not accept the credentials",
                "`podman login <host>` or `docker login <host>`; for S3 `aws sso login` or another "
                    + "`AWS_PROFILE`; the message names whose credentials were tried, and from where"
            )
        case .registryUnreachable:
            (
                "the registry does not answer",
                "check the network and the registry's name, push again"
            )
        case .unauthenticated:
            (
                "there is no token for the platform, or it is unknown or expired",
                "`git bim login <remote>` with a token of the platform's; the message names the source of the one "
                    + "that was tried"
            )
        case .forbidden:
            (
                "the token does not allow this, or a commit of somebody else asks for commands that were never run "
                    + "here",
                "use a token whose scope covers this app and environment; read the commands, then `bim-hooks trust`"
            )
        case .environmentProtected:
            (
                "the environment refuses this change, such as its removal",
                "take `protected` away in `bim.yml` first, if that is what you want"
            )
        case .appNotFound:
            (
                "the platform has no app of this name",
                "check the name in `git remote get-url bim`"
            )
        case .staleRef:
            (
                "somebody else deployed since you last looked",
                "`git fetch bim`, look at it, push again"
            )
        case .nonFastForward:
            (
                "what is live is not an ancestor of what you push",
                "`git pull --rebase bim main`; to go back on purpose push with `--force-with-lease`"
            )
        case .deployInProgress:
            (
                "the environment is busy with another deployment, for longer than the push would wait",
                "wait until the deployment named in the message is over, push again"
            )
        case .superseded:
            (
                "a newer deployment took this one's place",
                "nothing; the newer one is what counts"
            )
        case .canceled:
            (
                "the deployment was canceled",
                "push again if it still should go live"
            )
        case .configInvalid:
            (
                "`bim.yml`, the `Procfile` or a git setting is wrong",
                "correct the file, line and key that the message names"
            )
        case .configMissing:
            (
                "the app needs a setting that the environment does not have",
                "set the setting that the message names, push again"
            )
        case .pullFailed:
            (
                "the platform could not fetch the artifact, or its digest was wrong",
                "as the message says: the platform fetches with credentials of its own ([artifacts.md](artifacts.md))"
            )
        case .releaseCommandFailed:
            (
                "the release command, such as a migration, failed; nothing was switched",
                "read its output, fix it, commit, push again"
            )
        case .portNotBound:
            (
                "the app runs and does not listen on its port",
                "listen on `127.0.0.1` and the port in the variable `PORT`"
            )
        case .healthCheckFailed:
            (
                "the app listens, and its health check does not pass",
                "see the probes and the log in the message; set `health` in `bim.yml` if the path is another"
            )
        case .crashed:
            (
                "a process of the new release ended before it was healthy",
                "see the end of its log in the message"
            )
        case .outOfMemory:
            (
                "a process of the new release was killed for want of memory",
                "use less memory, or ask the platform's operator for a higher limit"
            )
        case .deployFailed:
            (
                "the command that deploys, or a git server's hook, failed and told no code of its own",
                "read its output above the error; what was live before still is, as far as the command tells"
            )
        case .rolledBack:
            (
                "the new release failed after the switch, and the old one is back",
                "see the log of the failed release, fix it, push again"
            )
        case .platformVersion:
            (
                "the platform is older or newer than this bim, or lacks a part that was asked for",
                "update bim, or ask the platform's operator to; the message tells which"
            )
        case .quota:
            (
                "a limit of the platform is reached",
                "remove what you do not need, such as old previews: `git push bim :feature`"
            )
        case .platformUnavailable:
            (
                "the platform does not answer",
                "try again in a while; for `bim::local`: `git bim platform status`"
            )
        case .platformRestarted:
            (
                "the platform was restarted during the deployment",
                "push again"
            )
        case .interrupted:
            (
                "you or a signal stopped it; the deployment was canceled on the platform too",
                "push again if it still should go live"
            )
        case .internal:
            (
                "bim made a mistake",
                "run it again with `-v` and report what it prints"
            )
        }
    }
}
