import Glibc
import SystemPackage

/// Environments for children: what of git's own state a child must not see.
package enum CleanEnvironment {
    /// The names that `git rev-parse --local-env-vars` lists, in any version of git since 2.20.
    ///
    /// They bind a process to one repository. A test or build that inherits them from a hook works on the pushing
    /// user's repository instead of on its own.
    package static let gitVariables: Set<String> = [
        "GIT_ALTERNATE_OBJECT_DIRECTORIES",
        "GIT_COMMON_DIR",
        "GIT_CONFIG",
        "GIT_CONFIG_COUNT",
        "GIT_CONFIG_PARAMETERS",
        "GIT_DIR",
        "GIT_GRAFT_FILE",
        "GIT_IMPLICIT_WORK_TREE",
        "GIT_INDEX_FILE",
        "GIT_INTERNAL_SUPER_PREFIX",
        "GIT_NO_REPLACE_OBJECTS",
        "GIT_OBJECT_DIRECTORY",
        "GIT_PREFIX",
        "GIT_REPLACE_REF_BASE",
        "GIT_SHALLOW_FILE",
        "GIT_WORK_TREE",
    ]

    /// Returns `environment` without the variables that bind it to a repository.
    ///
    /// `GIT_CONFIG_KEY_<n>` and `GIT_CONFIG_VALUE_<n>` go with `GIT_CONFIG_COUNT`, which alone gives them meaning.
    package static func removingGitVariables(from environment: [String: String]) -> [String: String] {
        environment.filter { name, _ in
            !gitVariables.contains(name) && !name.hasPrefix("GIT_CONFIG_KEY_") && !name.hasPrefix("GIT_CONFIG_VALUE_")
        }
    }

    /// Returns what a project's own commands may see: nothing that binds them to a repository, and no secret of bim's.
    package static func forCommands(from environment: [String: String]) -> [String: String] {
        removingGitVariables(from: environment).filter { name, _ in
            !name.hasPrefix("BIM_TOKEN") && !name.hasPrefix("BIM_SECRET_")
        }
    }

    /// Returns the environment that this process was started with; later changes by `setenv` are not in it.
    package static func inherited() -> [String: String] {
        guard let bytes = ProcFile.read("/proc/self/environ") else { return [:] }
        var result: [String: String] = [:]
        for entry in bytes.split(separator: 0) {
            guard let equals = entry.firstIndex(of: UInt8(ascii: "=")) else { continue }
            result[String(decoding: entry[..<equals], as: UTF8.self)] = String(
                decoding: entry[entry.index(after: equals)...], as: UTF8.self)
        }
        return result
    }
}
