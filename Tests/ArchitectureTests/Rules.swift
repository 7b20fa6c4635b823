/// The rules of the architecture: each gives one sentence per violation, and nothing when it holds.
enum Rules {
    /// Compares two sets of names that must be the same.
    static func same(_ left: Set<String>, in leftName: String, _ right: Set<String>, in rightName: String) -> [String] {
        left.subtracting(right).sorted().map { "'\($0)' is in \(leftName) and not in \(rightName)" }
            + right.subtracting(left).sorted().map { "'\($0)' is in \(rightName) and not in \(leftName)" }
    }

    /// Holds the table against itself: a target imports from lower levels; from its own only what its row names.
    static func levels(of layers: [Layer]) -> [String] {
        let levels = Dictionary(layers.map { ($0.name, $0.level) }) { first, _ in first }
        return layers.flatMap { layer in
            layer.mayImport.sorted().compactMap { name in
                if name == layer.name { return "'\(name)' may import itself" }
                guard let level = levels[name], level > layer.level else { return nil }
                return "'\(layer.name)' (level \(layer.level)) may import '\(name)' (level \(level))"
            }
        }
    }

    /// Holds the manifest's dependencies against the table.
    static func dependencies(of manifest: Manifest, layers: [Layer]) -> [String] {
        layers.flatMap { layer in
            manifest.targets[layer.name, default: []].subtracting(layer.mayImport).sorted()
                .map { "Package.swift: '\(layer.name)' depends on '\($0)', which its row does not name" }
        }
    }

    /// Holds the imports of the sources against the table and the manifest; modules of the system are not looked at.
    static func imports(of files: [SourceFile], manifest: Manifest, layers: [Layer]) -> [String] {
        let known = manifest.products.union(manifest.targets.keys)
        let rows = Dictionary(layers.map { ($0.name, $0.mayImport) }) { first, _ in first }
        return files.flatMap { file in
            file.imports.intersection(known).sorted().compactMap { name in
                guard rows[file.target]?.contains(name) == true else {
                    return "\(file.path) imports '\(name)', which the row of '\(file.target)' does not name"
                }
                guard manifest.targets[file.target]?.contains(name) == true else {
                    return "\(file.path) imports '\(name)', which Package.swift does not give to '\(file.target)'"
                }
                return nil
            }
        }
    }

    /// Finds declarations that leave the package and are not of its one library.
    static func visibility(of files: [SourceFile]) -> [String] {
        files.filter { $0.target != "GitCore" && $0.declaresPublic }
            .map { "\($0.path) declares something public; only GitCore does" }
    }

    /// Holds the documented error codes against the defined ones.
    static func errorCodes(defined: [String: Int?], documented: [String: Int?]) -> [String] {
        let names = same(Set(defined.keys), in: "ErrorCode.swift", Set(documented.keys), in: "docs/errors.md")
        let statuses = defined.sorted { $0.key < $1.key }.compactMap { code, status -> String? in
            guard let status else { return "'\(code)' has no exit status in ErrorCode.swift" }
            guard let told = documented[code], told != status else { return nil }
            return "'\(code)' exits with \(status), and docs/errors.md says \(told.map(String.init) ?? "nothing")"
        }
        return names + statuses
    }
}
