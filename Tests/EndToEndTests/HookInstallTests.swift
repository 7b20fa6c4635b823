import Foundation
import Testing

/// Where hooks are put, what becomes of those that were there, and how they leave.
struct HookInstallTests {
    private let hooked: HookProject

    init() async throws {
        hooked = try await HookProject()
        try await hooked.commit(HookProject.check("tests", "echo ran >>\"$HOME/runs\""), files: ["sub/x": "1"])
    }

    private func write(_ path: String, _ text: String) async throws {
        try await hooked.sandbox.writeProgram("\(hooked.folder)/\(path)", text)
    }

    /// A git that calls itself another version, in a folder for the front of the PATH.
    private func pretended(_ version: String) async throws -> [String: String] {
        let folder = "\(hooked.sandbox.root)/home/pretended"
        let script =
            "#!/bin/sh\n[ \"$*\" != version ] || { echo git version \(version); exit; }\nexec /usr/bin/git \"$@\"\n"
        try await hooked.sandbox.writeProgram("\(folder)/git", script)
        return ["PATH": "\(folder):" + (hooked.sandbox.environment["PATH"] ?? "")]
    }

    @Test("core.hooksPath is honoured, from a subfolder and a linked worktree too", arguments: ["own hooks", "/hooks"])
    func hooksPath(path: String) async throws {
        let value = path.hasPrefix("/") ? hooked.sandbox.root + path : path
        try await hooked.sandbox.run(["git", "config", "core.hooksPath", value], in: hooked.folder).success()
        let before = try HookProject.contents(of: hooked.folder)
        try await hooked.hooks("install", in: hooked.folder + "/sub").success()
        try await hooked.push().success()
        #expect(hooked.lines("home/runs") == ["ran"])
        try await hooked.hooks("uninstall").success()
        let after = try HookProject.contents(of: hooked.folder)
        #expect(
            after.keys.filter { $0.contains("hooks") }.sorted().filter { before[$0] == nil }
                == (path.hasPrefix("/") ? [] : [path]))
    }

    @Test("A hook that reads its name and folder from $0, as husky's do, finds both; so does one in another language")
    func ownName() async throws {
        try await hooked.git("config core.hooksPath .husky/_").success()
        try await write(".husky/_/h", "n=$(basename \"$0\"); sh -e \"$(dirname \"$(dirname \"$0\")\")/$n\" \"$@\"\n")
        try await write(".husky/_/pre-push", "#!/usr/bin/env sh\n. \"$(dirname \"$0\")/h\"\n")
        try await write(".husky/pre-push", "echo \"husky $1 $(cat | wc -l)\" >>\"$HOME/earlier\"\n")
        try await write(
            ".husky/_/commit-msg",
            "#!/usr/bin/env python3\nimport os, sys\nopen(os.environ['HOME'] + '/earlier', 'a').write(os.path.basename(sys.argv[0]) + '\\n')\n"
        )
        try await hooked.hooks("install pre-push commit-msg").success()
        try await hooked.push().success()
        try await hooked.git("commit --quiet --allow-empty -m Next").success()
        #expect(hooked.lines("home/earlier") == ["husky bim 1", "commit-msg"])
        #expect(hooked.lines("home/runs") == ["ran"])
    }

    @Test("An earlier hook that fails ends the push before any check")
    func earlierFails() async throws {
        try await write(".git/hooks/pre-push", "#!/bin/sh\nexit 3\n")
        try await hooked.hooks("install").success()
        try await hooked.push().failure()
        let script = "printf '' | .git/hooks/pre-push bim somewhere"
        try await hooked.sandbox.run(["sh", "-c", script], in: hooked.folder).failure(3)
        #expect(hooked.lines("home/runs") == [])
    }

    @Test("No hook is lost: a second earlier one, an edited one, a link to nothing, a folder without rights")
    func nothingIsLost() async throws {
        try await write(".git/hooks/pre-push.before-bim", "#!/bin/sh\n")
        try await write(".git/hooks/pre-push", "#!/bin/sh\n# mine\n")
        #expect(try await hooked.hooks("install").failure(11).stderr.contains("keeps an earlier one already"))
        #expect(hooked.text(hooked.folder + "/.git/hooks/pre-push") == "#!/bin/sh\n# mine\n")
        let hooks = hooked.folder + "/.git/hooks"
        try FileManager.default.removeItem(atPath: hooks + "/pre-push.before-bim")
        try FileManager.default.removeItem(atPath: hooks + "/pre-push")
        symlink("../nowhere", hooks + "/pre-push")
        try await hooked.hooks("install").success()
        try await hooked.hooks("uninstall").success()
        #expect(try FileManager.default.destinationOfSymbolicLink(atPath: hooks + "/pre-push") == "../nowhere")
    }

    @Test("What was installed before core.hooksPath was set is found and removed all the same")
    func hooksPathLater() async throws {
        try await hooked.hooks("install").success()
        try await hooked.git("config core.hooksPath elsewhere").success()
        try await hooked.hooks("install").success()
        let removed = try await hooked.hooks("uninstall").success().stdout.split(separator: "\n")
        #expect(removed.count == 2, "\(removed)")
        #expect(!FileManager.default.fileExists(atPath: hooked.folder + "/.git/hooks/pre-push"))
    }

    @Test("A program that is gone is an error that says how to install it or to remove the hook")
    func missingProgram() async throws {
        try await hooked.hooks("install").success()
        let file = hooked.folder + "/.git/hooks/pre-push"
        let text = try #require(hooked.text(file))
        let line = try #require(text.split(separator: "\n").first { $0.hasPrefix("program=") })
        try await write(".git/hooks/pre-push", text.replacingOccurrences(of: line, with: "program=/nowhere/bim-hooks"))
        let push = try await hooked.push("main", ["PATH": "/usr/bin:/bin"]).failure()
        #expect(
            push.stderr.contains(
                "error: the program 'bim-hooks' is not installed, so the checks of 'pre-push' cannot run"))
        #expect(
            push.stderr.contains("hint: run bim's install.sh, or remove this hook: rm '.git/hooks/pre-push'"), "\(push)"
        )
    }

    @Test("From git 2.54 on no file is touched, and the configuration comes back to the byte")
    func configured() async throws {
        let newer = try await pretended("2.54.0")
        try await write(".git/hooks/pre-push", "#!/bin/sh\nexit 0\n")
        let before = try HookProject.contents(of: hooked.folder)
        try await hooked.hooks("install", newer).success()
        #expect(try await hooked.hooks("install", newer).success().stdout == "pre-push: up to date\n")
        #expect(try await hooked.git("config hook.bim-pre-push.event").success().stdout == "pre-push\n")
        // As git does it: the command is a shell's, with the arguments behind it.
        let script = """
            command=$(git config hook.bim-pre-push.command)
            echo "refs/heads/main $(git rev-parse HEAD) refs/heads/main \(String(repeating: "0", count: 40))" |
                sh -c "$command \\"\\$@\\"" "$command" bim somewhere
            """
        try await hooked.sandbox.run(["sh", "-c", script], in: hooked.folder).success()
        #expect(hooked.lines("home/runs") == ["ran"])
        let old = try await hooked.hooks("doctor").failure(1).stdout
        #expect(old.contains("does not run"), "\(old)")
        #expect(
            try await hooked.hooks("doctor", newer).success().stdout.contains("by hook.bim-pre-push of git's local"))
        try await hooked.hooks("uninstall", newer).success()
        #expect(try HookProject.contents(of: hooked.folder) == before)
    }

    @Test("A git of 2.54 or newer runs the configured hook beside the script", .enabled(if: NewerGit.folder != nil))
    func realNewerGit() async throws {
        let path = ["PATH": "\(NewerGit.folder ?? ""):" + (hooked.sandbox.environment["PATH"] ?? "")]
        try await write(".git/hooks/pre-push", "#!/bin/sh\necho \"script $1\" >>\"$HOME/earlier\"\n")
        try await hooked.hooks("install", path).success()
        try await hooked.push("main", path).success()
        #expect(hooked.lines("home/runs") == ["ran"])
        #expect(hooked.lines("home/earlier") == ["script bim"])
    }

    @Test("Installed for every repository, a repository's own hooks still run, and all of it can be taken back")
    func everywhere() async throws {
        try await hooked.git("config --global user.name Somebody").success()
        let home = hooked.sandbox.root + "/home"
        let configuration = hooked.text(home + "/.gitconfig")
        try await write(".git/hooks/pre-push", "#!/bin/sh\necho \"own $1 $(cat | wc -l)\" >>\"$HOME/earlier\"\n")
        try await write(".git/hooks/post-commit", "#!/bin/sh\necho committed >>\"$HOME/earlier\"\n")
        try await hooked.hooks("install --global").success()
        try await hooked.push().success()
        try await hooked.git("commit --quiet --allow-empty -m Next").success()
        #expect(hooked.lines("home/earlier") == ["own bim 1", "committed"])
        #expect(hooked.lines("home/runs") == ["ran"])
        // In both places the checks run once.
        try await hooked.hooks("install").success()
        try await hooked.project.commit("Change", ["file": "1"])
        try await hooked.push().success()
        #expect(hooked.lines("home/earlier") == ["own bim 1", "committed", "committed", "own bim 1"])
        #expect(hooked.lines("home/runs") == ["ran", "ran"])
        try await hooked.hooks("uninstall").success()
        try await hooked.hooks("uninstall --global").success()
        #expect(hooked.text(home + "/.gitconfig") == configuration)
        #expect(!FileManager.default.fileExists(atPath: home + "/config/bim/hooks"))
    }

    @Test("The doctor says who owns which hook and why one does not run")
    func doctor() async throws {
        try await write(".git/hooks/pre-push", "#!/bin/sh\n# generated by https://pre-commit.com\nexit 0\n")
        #expect(try await hooked.hooks("doctor").failure(1).stdout.contains("is pre-commit's"))
        try await hooked.hooks("install").success()
        let well = try await hooked.hooks("doctor").success().stdout
        #expect(well.contains("pre-push: bim-hooks runs its checks"), "\(well)")
        #expect(well.contains("pre-push: pre-commit's hook is run first"), "\(well)")
        chmod(hooked.folder + "/.git/hooks/pre-push", 0o644)
        #expect(try await hooked.hooks("doctor").failure(1).stdout.contains("is not executable, so git ignores it"))
        chmod(hooked.folder + "/.git/hooks/pre-push", 0o755)
        try await hooked.git("config core.hooksPath elsewhere").success()
        let hidden = try await hooked.hooks("doctor").failure(1).stdout
        #expect(hidden.contains("does not run, because core.hooksPath names another folder"), "\(hidden)")
        #expect(hidden.contains("which is not there"), "\(hidden)")
        #expect(try await hooked.hooks("doctor --json").failure(1).stdout.contains(#""level":"problem""#))
    }
}

/// A git with hooks in its configuration: the machine's, or the one in the folder that BIM_NEWER_GIT names.
private enum NewerGit {
    static let folder: String? = ProcessInfo.processInfo.environment["BIM_NEWER_GIT"]
}
