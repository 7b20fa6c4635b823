/// One way to recognise how an app is started.
struct Detector: Sendable {
    /// A command and the file that told it.
    struct Finding: Equatable {
        var command: String
        var evidence: String
    }

    /// The kind of app.
    let name: String

    /// What it looks for, in order, in words for the user.
    let looksFor: [String]

    /// Returns the command for the app in these files; nil when it is another kind of app.
    let find: @Sendable (any FileListing) -> Finding?

    /// All of them, the first that finds something wins.
    static let all = [python, node, go, swift, staticSite, executable]
}

extension Detector {
    private static let pythonFiles = ["app.py", "main.py", "server.py", "wsgi.py"]

    static let python = Detector(name: "Python", looksFor: ["manage.py with wsgi.py"] + pythonFiles) { files in
        if files.exists("manage.py") && hasWSGI(files) {
            let command = "python3 manage.py runserver --noreload \"127.0.0.1:$PORT\""
            return Finding(command: command, evidence: "manage.py")
        }
        return pythonFiles.first(where: files.exists).map { Finding(command: "python3 \($0)", evidence: $0) }
    }

    /// Django puts `wsgi.py` into the project's own package, one folder down.
    private static func hasWSGI(_ files: any FileListing) -> Bool {
        files.exists("wsgi.py")
            || files.names(in: "").contains { $0.isDirectory && files.exists("\($0.name)/wsgi.py") }
    }

    private static let siteFolders = ["", "public", "dist", "_site", "build"]

    static let staticSite = Detector(
        name: "static site", looksFor: siteFolders.map { $0.isEmpty ? "index.html" : "\($0)/index.html" }
    ) { files in
        for folder in siteFolders {
            let page = folder.isEmpty ? "index.html" : "\(folder)/index.html"
            if files.exists(page) {
                let server = "python3 -m http.server \"$PORT\" --bind 127.0.0.1 --directory"
                return Finding(command: "\(server) \(folder.isEmpty ? "." : folder)", evidence: page)
            }
        }
        return nil
    }

    private static let startFiles = ["start", "run", "server", "bin/server", "bin/start", "bin/web"]

    static let executable = Detector(
        name: "executable", looksFor: startFiles.map { "executable \($0)" } + ["the only executable file in . or bin/"]
    ) { files in
        let executables = files.executables(in: "") + files.executables(in: "bin")
        let only = executables.count == 1 ? executables.first : nil
        return (startFiles.first(where: executables.contains) ?? only).map {
            Finding(command: ShellQuoting.word("./\($0)"), evidence: $0)
        }
    }
}
