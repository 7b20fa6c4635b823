import Testing

@testable import GitCore

@Suite struct CommandLineConfigurationTests {
    @Test(
        "Both forms of GIT_CONFIG_PARAMETERS are read",
        arguments: [
            ("", []),
            ("'bim.key=value'", ["bim.key=value"]),
            ("'bim.key'='value'", ["bim.key=value"]),
            ("'bim.flag'", ["bim.flag"]),
            ("'bim.flag'=", ["bim.flag"]),
            ("'bim.empty='", ["bim.empty="]),
            ("'bim.empty'=''", ["bim.empty="]),
            ("'bim.a=1' 'bim.b'='2'  'bim.c'", ["bim.a=1", "bim.b=2", "bim.c"]),
            ("'bim.quote'='it'\\''s'", ["bim.quote=it's"]),
            ("'bim.bang'='a'\\!'b'", ["bim.bang=a!b"]),
            ("'Bim.X=y.KEY'='v=w'", ["bim.X=y.key=v=w"]),
            ("'BIM.KEY=a=b'", ["bim.key=a=b"]),
            ("'bim.lines'='a\nb é'", ["bim.lines=a\nb é"]),
        ])
    func forms(text: String, expected: [String]) throws {
        let entries = try CommandLineConfiguration.parameters(text)
        #expect(entries.map { entry in entry.value.map { "\(entry.key)=\($0)" } ?? entry.key } == expected)
    }

    @Test(
        "Broken quoting and keys are an error that names the variable",
        arguments: [
            "bim.key=value", "'bim.key", "'bim.key'x", "'bim.key'=value", "'bim.key'='value", "'bim.key'='a'b",
            "'key=value'",
            "'bim.'='x'", "'.key'='x'",
        ])
    func broken(text: String) {
        let error = #expect(throws: GitError.self) { try CommandLineConfiguration.parameters(text) }
        #expect(error?.kind == .invalidConfiguration)
        #expect(error?.detail.hasPrefix("'GIT_CONFIG_PARAMETERS'") == true)
    }

    @Test("Counted variables are read in order, before the parameters")
    func counted() throws {
        let environment = [
            "GIT_CONFIG_COUNT": "2", "GIT_CONFIG_KEY_0": "bim.A", "GIT_CONFIG_VALUE_0": "", "GIT_CONFIG_KEY_1": "bim.b",
            "GIT_CONFIG_VALUE_1": "x=y", "GIT_CONFIG_KEY_2": "bim.c", "GIT_CONFIG_VALUE_2": "not counted",
            "GIT_CONFIG_PARAMETERS": "'bim.d'='z'",
        ]
        let entries = try CommandLineConfiguration.entries(in: environment)
        #expect(entries.map(\.key) == ["bim.a", "bim.b", "bim.d"])
        #expect(entries.map(\.value) == ["", "x=y", "z"])
    }

    @Test(
        "A count without its variables, or no count at all, is an error",
        arguments: [
            ["GIT_CONFIG_COUNT": "x"], ["GIT_CONFIG_COUNT": "-1"], ["GIT_CONFIG_COUNT": "1"],
            ["GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "bim.key"],
            ["GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "key", "GIT_CONFIG_VALUE_0": "x"],
            ["GIT_CONFIG_COUNT": "999999999999", "GIT_CONFIG_KEY_0": "bim.key", "GIT_CONFIG_VALUE_0": "x"],
        ])
    func badCount(environment: [String: String]) {
        let error = #expect(throws: GitError.self) { try CommandLineConfiguration.entries(in: environment) }
        #expect(error?.kind == .invalidConfiguration)
    }

    @Test("What the installed git writes for -c is read back")
    func installedGit() throws {
        let sandbox = try Sandbox()
        try sandbox.makeRepository()
        let text = try sandbox.git(
            "-c", "bim.word=it's a 'test'!", "-c", "bim.flag", "-c", "bim.empty=", "-c", "bim.Sub.x.Key=v", "-c",
            "alias.show-it=!printenv GIT_CONFIG_PARAMETERS", "show-it")
        let configuration = try sandbox.open(with: ["GIT_CONFIG_PARAMETERS": text]).configuration()
        #expect(configuration.string("bim.word") == "it's a 'test'!")
        #expect(try configuration.bool("bim.flag") == true)
        #expect(configuration.string("bim.empty") == "")
        #expect(configuration.string("bim.Sub.x.key") == "v")
    }
}
