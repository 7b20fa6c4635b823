internal import ProjectConfig

/// How a person wants the checks of a hook to run.
package struct HookOptions: Sendable {
    /// The names of the checks to run; empty means all.
    package var only: [String] = []
    /// Whether checks run although their files, branches or remotes do not ask for it.
    package var all = false
    /// Whether what passed before runs again.
    package var fresh = false
    /// The most checks of one group that run at the same time; nil for the git setting `bim.jobs` or one per processor.
    package var jobs: Int?

    /// Makes options that change nothing.
    package init() {}
}

/// The hooks that bim-hooks knows.
package enum HookNames {
    /// Git's client-side hooks (githooks(5)).
    package static var all: [String] { Check.hookNames }
}
