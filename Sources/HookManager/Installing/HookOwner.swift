/// Whose a hook is, as far as its text tells.
enum HookOwner {
    /// Words that stand in the scripts that each tool writes.
    private static let marks: [(mark: String, owner: String)] = [
        ("# bim-hooks ", "bim-hooks"),
        ("pre-commit.com", "pre-commit"),
        ("pre_commit", "pre-commit"),
        ("prek", "prek"),
        ("lefthook", "lefthook"),
        ("husky", "husky"),
        ("git lfs", "git-lfs"),
        ("git-lfs", "git-lfs"),
        ("overcommit", "overcommit"),
        ("simple-git-hooks", "simple-git-hooks"),
        ("SIMPLE_GIT_HOOKS", "simple-git-hooks"),
        ("hk run", "hk"),
        (#""$(dirname "$0")/h""#, "husky"),
    ]

    /// The tool's name; nil for a script of somebody's own.
    static func of(_ text: String) -> String? {
        marks.first { text.contains($0.mark) }?.owner
    }
}
