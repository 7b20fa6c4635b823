import Testing

@testable import ProjectConfig

struct ProcfileTests {
    @Test("lines become process types, in order")
    func lines() throws {
        let text = "\u{FEFF}# comment\nweb: gunicorn app:app --bind :$PORT\r\n\n  worker-2 :x\n".replacing(
            "-2 ", with: "-2")
        #expect(
            try Procfile.parse(text + "release:\tpython3 manage.py migrate # all\n") == [
                ProcessType(name: "web", command: "gunicorn app:app --bind :$PORT"),
                ProcessType(name: "worker-2", command: "x"),
                ProcessType(name: "release", command: "python3 manage.py migrate # all"),
            ])
    }

    @Test("a file without process types is empty", arguments: ["", "\n\n", "# web: a\n  # b"])
    func empty(text: String) throws {
        #expect(try Procfile.parse(text).isEmpty)
    }

    @Test(
        "what is no process type is refused with its line",
        arguments: [
            ("web: a\nnonsense", "Procfile:2: a line without a process type; write '<name>: <command>'"),
            ("Web: a", "Procfile:1: 'Web' cannot be a process type's name; did you mean 'web'?"),
            ("my_worker: a", "Procfile:1: 'my_worker' cannot be a process type's name; did you mean 'my-worker'?"),
            ("web : a", "Procfile:1: 'web ' cannot be a process type's name; did you mean 'web'?"),
            (
                ": a",
                "Procfile:1: '' cannot be a process type's name; use at most 63 lower-case letters, digits and hyphens, no hyphen first or last"
            ),
            ("-a: b", "Procfile:1: '-a' cannot be a process type's name; did you mean 'a'?"),
            ("web:", "Procfile:1: the process type 'web' has no command"),
            ("web:  \nworker: a", "Procfile:1: the process type 'web' has no command"),
            ("web: a\r\n\r\nweb: b", "Procfile:3: the process type 'web' is there twice"),
            ("<<<<<<< HEAD\nweb: a", "Procfile:1: a merge is unfinished here; resolve the conflict and commit"),
            ("web: a\n=======\nweb: b", "Procfile:2: a merge is unfinished here; resolve the conflict and commit"),
            ("web: a\n>>>>>>> x: y", "Procfile:2: a merge is unfinished here; resolve the conflict and commit"),
            ("web: a\u{0}b", "Procfile:1: the command of 'web' holds a control character"),
            ("web: \u{1B}[2J", "Procfile:1: the command of 'web' holds a control character"),
        ])
    func errors(text: String, message: String) {
        let error = #expect(throws: ConfigError.self) { try Procfile.parse(text) }
        #expect(error?.message == message)
    }

    @Test("a name has at most 63 characters", arguments: [(63, true), (64, false)])
    func nameLength(length: Int, isValid: Bool) {
        let text = String(repeating: "a", count: length) + ": b"
        #expect(((try? Procfile.parse(text)) != nil) == isValid)
    }

    @Test("a file that is too large is refused")
    func size() {
        let text = String(repeating: "#\n", count: (128 << 10) + 1)
        #expect(throws: ConfigError.self) { try Procfile.parse(text) }
    }
}
