import FoundationEssentials

extension Detector {
    private static let scripts = ["server.js", "index.js", "app.js"]

    static let node = Detector(
        name: "Node", looksFor: ["scripts.start in package.json", "main in package.json"] + scripts
    ) { files in
        let manifest = files.text("package.json").flatMap(PackageManifest.init(json:))
        if let start = manifest?.start {
            // npm does the same: a script finds the programs of the app's dependencies first.
            let command = "export PATH=\"$PWD/node_modules/.bin:$PATH\"; \(start)"
            return Finding(command: command, evidence: "scripts.start in package.json")
        }
        if let main = manifest?.main.flatMap({ existing($0, in: files) }) {
            return Finding(command: "node \(ShellQuoting.word(main))", evidence: "main in package.json")
        }
        return scripts.first(where: files.exists).map { Finding(command: "node \($0)", evidence: $0) }
    }

    /// The file that Node's `require` would take for the name, inside the app.
    private static func existing(_ main: String, in files: any FileListing) -> String? {
        let parts = main.split(separator: "/").filter { $0 != "." }
        guard !main.hasPrefix("/"), !parts.isEmpty, !parts.contains("..") else { return nil }
        let path = parts.joined(separator: "/")
        let found = ["\(path).js", "\(path)/index.js"].first(where: files.exists)
        let isFile = files.text(path) != nil
        return (isFile ? path : found).map { $0.hasPrefix("-") ? "./\($0)" : $0 }
    }
}

/// The two keys of `package.json` that say how to start an app; a value of another type counts as missing.
private struct PackageManifest: Decodable {
    var start: String?
    var main: String?

    private enum Key: String, CodingKey {
        case scripts, start, main
    }

    init?(json: String) {
        guard let manifest = try? JSONDecoder().decode(Self.self, from: Data(json.utf8)) else { return nil }
        self = manifest
    }

    init(from decoder: any Decoder) throws {
        let keys = try decoder.container(keyedBy: Key.self)
        main = try? keys.decode(String.self, forKey: .main)
        let scripts = try? keys.nestedContainer(keyedBy: Key.self, forKey: .scripts)
        start = (try? scripts?.decode(String.self, forKey: .start)).flatMap { command in
            command.allSatisfy(\.isWhitespace) ? nil : command
        }
    }
}
