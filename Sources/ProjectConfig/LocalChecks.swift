/// What one user wants of the checks, from a `bim.local.yml` beside `bim.yml` that is not committed.
///
/// It has the key `hooks` alone. A check of the same name takes the place of the project's, another one is added, and
/// `off` in the place of the command switches one off.
package struct LocalChecks: Sendable, Equatable {
    /// The name of the file.
    package static let fileName = "bim.local.yml"

    /// The checks to add or to replace, by hook.
    package var checks: [String: [Check]] = [:]

    /// The names of checks that do not run, by hook.
    package var off: [String: [String]] = [:]

    /// Makes a wish for nothing.
    package init() {}

    /// Reads the file's text.
    package static func parse(_ text: String, file: String = fileName) throws(ConfigError) -> LocalChecks {
        var local = LocalChecks()
        guard let root = try ConfigDocument.compose(text, file: file), !root.isNothing,
            let hooks = try ConfigMapping(root, keys: ["hooks"])["hooks"]
        else { return local }
        for hook in try ConfigMapping(hooks, keys: Check.hookNames).entries {
            for entry in try ConfigMapping(hook.value).entries {
                if entry.value.isOff {
                    local.off[hook.key, default: []].append(entry.key)
                } else {
                    local.checks[hook.key, default: []].append(try Check(name: entry.key, entry.value))
                }
            }
        }
        return local
    }

    /// Returns the project's checks of a hook as this user wants them; what is switched off stays in, to be named.
    package func applied(to checks: [Check], of hook: String) -> [Check] {
        var result = checks
        for check in self.checks[hook] ?? [] {
            if let index = result.firstIndex(where: { $0.name == check.name }) {
                result[index] = check
            } else {
                result.append(check)
            }
        }
        return result
    }
}

extension ConfigNode {
    /// True for a plain `off` or `false`.
    fileprivate var isOff: Bool { (try? boolean()) == false }
}
