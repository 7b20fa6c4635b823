import Testing

@testable import ProjectConfig

struct RunCommandTests {
    @Test(
        "an app is recognised by its files",
        arguments: [
            (["manage.py", "site/wsgi.py"], "python3 manage.py runserver --noreload \"127.0.0.1:$PORT\"", "manage.py"),
            (["manage.py", "app.py"], "python3 app.py", "app.py"),
            (["main.py", "server.py"], "python3 main.py", "main.py"), (["server.py"], "python3 server.py", "server.py"),
            (["wsgi.py"], "python3 wsgi.py", "wsgi.py"), (["app.py", "index.html"], "python3 app.py", "app.py"),
            (
                [
                    "package.json={\"scripts\": {\"start\": \"next start && echo\"}, \"main\": \"a.js\"}", "server.js",
                    "a.js",
                ],
                "export PATH=\"$PWD/node_modules/.bin:$PATH\"; next start && echo", "scripts.start in package.json"
            ),
            (["package.json={\"main\":\"./lib/a b.js\"}", "lib/a b.js"], "node 'lib/a b.js'", "main in package.json"),
            (
                ["package.json={\"main\":\"lib\"}", "lib/index.js", "index.js"], "node lib/index.js",
                "main in package.json"
            ),
            (["package.json={\"main\":\"lib/x\"}", "lib/x.js"], "node lib/x.js", "main in package.json"),
            (["package.json={\"main\":\"-e.js\"}", "-e.js"], "node ./-e.js", "main in package.json"),
            (["package.json={\"main\":\"../x.js\"}", "app.js"], "node app.js", "app.js"),
            (["package.json={\"main\":\"gone.js\"}", "index.js"], "node index.js", "index.js"),
            (["package.json={\"main\":7,\"scripts\":[1]}", "server.js"], "node server.js", "server.js"),
            (["package.json={\"scripts\":{\"start\":\" \"}}", "server.js"], "node server.js", "server.js"),
            (["package.json={", "server.js", "index.js"], "node server.js", "server.js"),
            (["go.mod=module example.org/acme/api\n\ngo 1.22\n", "main.go"], "go run .", "go.mod"),
            (["go.mod=// a\nmodule example.org/acme/api/v2 // b", "*bin/api"], "./bin/api", "bin/api"),
            (["go.mod=module api", "bin/api", "*bin/other"], "go run .", "go.mod"),
            (["Package.swift"], "swift run -c release", "Package.swift"),
            (["Package.swift", "*bin/my api"], "'./bin/my api'", "bin/my api"),
            (["Package.swift", "*bin/a", "*bin/b"], "swift run -c release", "Package.swift"),
            (["Package.swift", "*bin/a", "*bin/server"], "./bin/server", "bin/server"),
            (["index.html"], "python3 -m http.server \"$PORT\" --bind 127.0.0.1 --directory .", "index.html"),
            (
                ["build/index.html", "_site/index.html"],
                "python3 -m http.server \"$PORT\" --bind 127.0.0.1 --directory _site", "_site/index.html"
            ),
            (["*start", "*run"], "./start", "start"), (["start", "*run"], "./run", "run"),
            (["*bin/web", "*bin/a"], "./bin/web", "bin/web"),
            (["*it's", "README"], #"'./it'\''s'"#, "it's"), (["*bin/tool", "notes"], "./bin/tool", "bin/tool"),
        ])
    func detection(paths: [String], command: String, evidence: String) throws {
        let plan = try RunCommand.resolve(config: .default, files: FakeFiles(paths))
        #expect(plan.processes == [ProcessType(name: "web", command: command)])
        #expect(plan.origin == "detected: \(evidence)")
        #expect(plan.releaseCommand == nil)
    }

    @Test(
        "what is no app is refused with all that was looked for",
        arguments: [
            [], ["README.md"], ["manage.py"], ["start"], ["*install.sh", "*bin/tool"], ["package.json={}"],
            ["go.mod/x"],
            ["# Procfile"], ["Procfile=# nothing"], ["docs/index.html"], ["*start/x"],
        ])
    func nothing(paths: [String]) {
        let error = #expect(throws: NoRunCommand.self) {
            try RunCommand.resolve(config: .default, files: FakeFiles(paths))
        }
        let expected = [
            "'processes' in bim.yml", "Procfile", "manage.py with wsgi.py", "app.py", "main.py", "server.py", "wsgi.py",
            "scripts.start in package.json", "main in package.json", "server.js", "index.js", "app.js", "go.mod",
            "Package.swift", "index.html", "public/index.html", "dist/index.html", "_site/index.html",
            "build/index.html",
            "executable start", "executable run", "executable server", "executable bin/server", "executable bin/start",
            "executable bin/web", "the only executable file in . or bin/",
        ]
        #expect(error?.lookedFor == expected)
        #expect(
            error?.message == "nothing says how to start the app; looked for \(expected.joined(separator: ", "))")
    }

    @Test("the configuration goes before the Procfile, and that before detection")
    func order() throws {
        var config = ProjectConfig()
        config.processes = [ProcessType(name: "web", command: "a")]
        let files = FakeFiles(["Procfile=web: b\nrelease: c\nworker: d", "app.py"])
        #expect(
            try RunCommand.resolve(config: config, files: files)
                == RunPlan(processes: config.processes, origin: "bim.yml"))
        let workers = [ProcessType(name: "web", command: "b"), ProcessType(name: "worker", command: "d")]
        #expect(
            try RunCommand.resolve(config: .default, files: files)
                == RunPlan(processes: workers, releaseCommand: "c", origin: "Procfile"))
    }

    @Test("the configuration's release command goes before the Procfile's")
    func releaseCommand() throws {
        var config = ProjectConfig()
        config.releaseCommand = "mine"
        let plan = try RunCommand.resolve(config: config, files: FakeFiles(["Procfile=web: b\nrelease: c"]))
        #expect(plan.releaseCommand == "mine")
        #expect(plan.processes.map(\.name) == ["web"])
    }

    @Test("a Procfile with a release command alone leaves the rest to detection")
    func releaseOnly() throws {
        let plan = try RunCommand.resolve(config: .default, files: FakeFiles(["Procfile=release: c", "app.py"]))
        let web = ProcessType(name: "web", command: "python3 app.py")
        #expect(plan == RunPlan(processes: [web], releaseCommand: "c", origin: "detected: app.py"))
    }

    @Test(
        "a broken Procfile is not passed over",
        arguments: [
            ("Procfile=web", "Procfile:1: a line without a process type; write '<name>: <command>'"),
            ("Procfile/x=y", "Procfile: cannot read the file as text"),
        ])
    func brokenProcfile(file: String, message: String) {
        let error = #expect(throws: NoRunCommand.self) {
            try RunCommand.resolve(config: .default, files: FakeFiles([file, "app.py"]))
        }
        #expect(error?.message == message)
    }
}
