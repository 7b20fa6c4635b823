import GitCore
import Testing

@Suite struct ConfigurationTests {
    let sandbox: Sandbox

    init() throws {
        sandbox = try Sandbox()
        try sandbox.makeRepository()
    }

    private func append(_ text: String, to file: String = "repo/.git/config") throws {
        try sandbox.write((sandbox.text(file) ?? "") + text, to: file)
    }

    @Test("Section and name have no case, the subsection has")
    func keys() throws {
        try append("[Bim \"One.Two\"]\n\tPlainName = value\n")
        let configuration = try sandbox.open().configuration()
        #expect(configuration.string("bim.One.Two.plainname") == "value")
        #expect(configuration.string("BIM.One.Two.PLAINNAME") == "value")
        #expect(configuration.string("bim.one.two.plainname") == nil)
        #expect(configuration.string("nonsense") == nil)
    }

    @Test("The last of several values wins, and all are kept in order")
    func multiple() throws {
        try append("[bim]\n\tlist = one\n\tlist = two\n[other]\n\tx = y\n[bim]\n\tlist = three\n")
        let configuration = try sandbox.open().configuration()
        #expect(configuration.string("bim.list") == "three")
        #expect(configuration.strings("bim.list") == ["one", "two", "three"])
        #expect(configuration.strings("bim.none") == [])
    }

    @Test(
        "Booleans are read as git reads them",
        arguments: [
            ("= true", true), ("= Yes", true), ("= on", true), ("= 1", true), ("= -1", true), ("", true),
            ("= false", false),
            ("= NO", false), ("= off", false), ("= 0", false), ("=", false), ("= 1k", true),
        ])
    func booleans(text: String, expected: Bool) throws {
        try append("[bim]\n\tflag \(text)\n")
        #expect(try sandbox.open().configuration().bool("bim.flag") == expected)
        #expect(try sandbox.git("config", "--type=bool", "bim.flag") == "\(expected)")
    }

    @Test(
        "Numbers may carry a unit", arguments: [("7", 7), ("-2", -2), ("2k", 2048), ("3M", 3 << 20), ("1g", 1 << 30)])
    func numbers(text: String, expected: Int) throws {
        try append("[bim]\n\tsize = \(text)\n")
        #expect(try sandbox.open().configuration().int("bim.size") == expected)
    }

    @Test(
        "What is no boolean or number is an error that names key and value",
        arguments: ["maybe", "9999999999999g", "1x"])
    func malformed(text: String) throws {
        try append("[bim]\n\tvalue = \(text)\n")
        let configuration = try sandbox.open().configuration()
        let error = #expect(throws: GitError.self) { _ = try configuration.int("bim.value") }
        #expect(error?.kind == .invalidConfiguration)
        #expect(error?.detail == "'bim.value': '\(text)' is not a number")
        #expect(sandbox.errorKind { _ = try configuration.bool("bim.value") } == .invalidConfiguration)
        #expect(try configuration.bool("bim.absent") == nil)
        #expect(try configuration.int("bim.absent") == nil)
    }

    @Test("A file that cannot be parsed is an error that names it")
    func brokenFile() throws {
        try sandbox.write("[bim\n", to: "home/.gitconfig")
        let repository = try Repository(
            fromEnvironment: ["HOME": sandbox.path("home"), "GIT_CONFIG_NOSYSTEM": "1"],
            startingAt: sandbox.path("repo"))
        let error = #expect(throws: GitError.self) { _ = try repository.configuration() }
        #expect(error?.kind == .invalidConfiguration)
        #expect(error?.detail.contains(sandbox.path("home/.gitconfig")) == true)
    }

    @Test("The levels follow each other as in git: system, user, repository, worktree, command")
    func levels() throws {
        try append("[bim]\n\tlevel = system\n", to: "system")
        try append("[bim]\n\tlevel = xdg\n", to: "home/.config/git/config")
        try append("[bim]\n\tlevel = user\n", to: "home/.gitconfig")
        try append("[bim]\n\tlevel = repository\n[extensions]\n\tworktreeConfig = true\n")
        try append("[bim]\n\tlevel = worktree\n", to: "repo/.git/config.worktree")
        let environment = [
            "HOME": sandbox.path("home"), "GIT_CONFIG_SYSTEM": sandbox.path("system"),
            "GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "bim.level", "GIT_CONFIG_VALUE_0": "counted",
            "GIT_CONFIG_PARAMETERS": "'bim.level'='command'",
        ]
        let repository = try Repository(fromEnvironment: environment, startingAt: sandbox.path("repo"))
        #expect(
            try repository.configuration().strings("bim.level") == [
                "system", "xdg", "user", "repository", "worktree", "counted", "command",
            ])
    }

    @Test("The variables that replace the user's and the system's file are honoured")
    func replacedFiles() throws {
        try append("[bim]\n\tlevel = user\n", to: "home/.gitconfig")
        try append("[bim]\n\tlevel = replaced\n", to: "replaced")
        try append("[bim]\n\tlevel = xdg\n", to: "xdg/git/config")
        let home = ["HOME": sandbox.path("home"), "GIT_CONFIG_SYSTEM": sandbox.path("replaced")]
        func levels(_ extra: [String: String]) throws -> [String] {
            let environment = home.merging(extra) { $1 }
            return try Repository(fromEnvironment: environment, startingAt: sandbox.path("repo"))
                .configuration().strings("bim.level")
        }
        #expect(try levels([:]) == ["replaced", "user"])
        #expect(try levels(["GIT_CONFIG_NOSYSTEM": "true"]) == ["user"])
        #expect(try levels(["GIT_CONFIG_NOSYSTEM": "0"]) == ["replaced", "user"])
        #expect(try levels(["GIT_CONFIG_GLOBAL": sandbox.path("replaced")]) == ["replaced", "replaced"])
        #expect(try levels(["XDG_CONFIG_HOME": sandbox.path("xdg")]) == ["replaced", "xdg", "user"])
    }

    @Test("The worktree's file counts only when the repository says so, and only for its worktree")
    func worktreeFile() throws {
        try sandbox.commit()
        try sandbox.git("worktree", "add", "-q", "../linked")
        try append("[bim]\n\twhere = linked\n", to: "repo/.git/worktrees/linked/config.worktree")
        #expect(try sandbox.open("linked").configuration().string("bim.where") == nil)
        try sandbox.git("config", "extensions.worktreeConfig", "true")
        #expect(try sandbox.open("linked").configuration().string("bim.where") == "linked")
        #expect(try sandbox.open().configuration().string("bim.where") == nil)
    }

    @Test("Included files are read, also under a condition on the repository")
    func includes() throws {
        try append("[bim]\n\tincluded = yes\n", to: "extra")
        try append("[includeIf \"gitdir:\(sandbox.root)/\"]\n\tpath = \(sandbox.path("extra"))\n")
        #expect(try sandbox.open().configuration().bool("bim.included") == true)
    }

    @Test("A change on disk is seen by the next reading")
    func freshness() throws {
        let repository = try sandbox.open()
        #expect(try repository.configuration().string("bim.late") == nil)
        try sandbox.git("config", "bim.late", "here")
        #expect(try repository.configuration().string("bim.late") == "here")
    }
}
