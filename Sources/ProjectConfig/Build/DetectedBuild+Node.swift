internal import FoundationEssentials

extension DetectedBuild {
    /// Package managers by the lock file that they keep, the most specific first.
    private static let managers: [(lock: String, program: String, install: String)] = [
        ("pnpm-lock.yaml", "pnpm", "pnpm install --frozen-lockfile"),
        ("yarn.lock", "yarn", "yarn install --frozen-lockfile"),
        ("package-lock.json", "npm", "npm ci --no-audit --no-fund"),
        ("npm-shrinkwrap.json", "npm", "npm ci --no-audit --no-fund"),
    ]

    /// Where a built site lies.
    private static let siteFolders = ["dist", "build", "public", "out", "_site"]

    @Sendable static func node(_ files: any FileListing) -> DetectedBuild? {
        guard let manifest = files.text("package.json").flatMap(BuildManifest.init(json:)) else { return nil }
        let needsPackages = !manifest.dependencies.isEmpty && !files.exists("node_modules")
        guard needsPackages || manifest.hasBuild else { return nil }
        let manager = managers.first { files.exists($0.lock) }
        let program = manager?.program ?? "npm"
        var steps: [BuildStep] = []
        if needsPackages {
            // Packages in the commit itself are read by it too, so only these files may stand for all.
            let isAlone = !manifest.hasLocalDependencies && !manifest.hasInstallScripts && !files.exists(".npmrc")
            steps.append(
                BuildStep(
                    manager?.install ?? "npm install --no-audit --no-fund", name: "\(program) install",
                    inputs: isAlone ? ["package.json"] + (manager.map { [$0.lock] } ?? []) : []))
        }
        if manifest.hasBuild { steps.append(BuildStep("\(program) run build")) }
        if needsPackages, program == "npm", manifest.hasDevelopmentDependencies {
            steps.append(BuildStep("npm prune --omit=dev --no-audit --no-fund", name: "npm prune"))
        }
        let evidence = manager.map(\.lock) ?? (manifest.hasBuild ? "scripts.build in package.json" : "package.json")
        return DetectedBuild(
            evidence: evidence, steps: steps, tools: ["node", program],
            web: manifest.hasStart || Detector.node.find(files) != nil ? nil : site)
    }

    /// Serves the folder that the build made a site in.
    private static var site: String {
        let server = "exec python3 -m http.server \"$PORT\" --bind 127.0.0.1 --directory \"$folder\""
        return "for folder in \(siteFolders.joined(separator: " ")); do "
            + "if [ -f \"$folder/index.html\" ]; then \(server); fi; done; "
            + "echo 'the build made no index.html, and package.json has no start script' >&2; exit 1"
    }
}

/// What `package.json` says about building; a value of another type counts as missing.
private struct BuildManifest: Decodable {
    var dependencies: [String: String] = [:]
    var hasDevelopmentDependencies = false
    var hasBuild = false
    var hasStart = false
    /// Whether installing runs commands of the project.
    var hasInstallScripts = false

    /// Whether a dependency is a folder or an archive of the project itself.
    var hasLocalDependencies: Bool {
        dependencies.values.contains { $0.hasPrefix("file:") || $0.hasPrefix(".") || $0.hasPrefix("workspace:") }
    }

    private enum Key: String, CodingKey {
        case scripts, dependencies, devDependencies, optionalDependencies, workspaces
    }

    init?(json: String) {
        guard let manifest = try? JSONDecoder().decode(Self.self, from: Data(json.utf8)) else { return nil }
        self = manifest
    }

    init(from decoder: any Decoder) throws {
        let keys = try decoder.container(keyedBy: Key.self)
        let development = (try? keys.decode([String: String].self, forKey: .devDependencies)) ?? [:]
        let scripts = (try? keys.decode([String: String].self, forKey: .scripts)) ?? [:]
        dependencies = development
        for key in [Key.optionalDependencies, .dependencies] {
            dependencies.merge((try? keys.decode([String: String].self, forKey: key)) ?? [:]) { $1 }
        }
        if keys.contains(.workspaces) { dependencies["workspaces"] = "workspace:*" }
        hasDevelopmentDependencies = !development.isEmpty
        hasBuild = scripts["build"].map { !$0.allSatisfy(\.isWhitespace) } ?? false
        hasInstallScripts = ["preinstall", "install", "postinstall", "prepare"].contains { scripts[$0] != nil }
        hasStart = scripts["start"].map { !$0.allSatisfy(\.isWhitespace) } ?? false
    }
}
