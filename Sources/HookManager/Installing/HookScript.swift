/// The script that stands in the place of a hook: runs what was there before, then bim's checks.
struct HookScript {
    /// The suffix under which an earlier hook is kept.
    static let keptSuffix = ".before-bim"

    let hook: String

    /// The script's bytes; a script with other bytes was edited and belongs to its editor.
    var text: String {
        """
        #!/bin/sh
        # bim-hooks \(hook): made by 'bim-hooks install'; 'bim-hooks uninstall' takes it away and puts back what was here.
        input=$(cat; echo x)
        input=${input%x}
        before="$0\(Self.keptSuffix)"
        if [ -x "$before" ]; then
            printf %s "$input" | "$before" "$@" || exit $?
        fi
        if ! command -v bim-hooks >/dev/null 2>&1; then
            echo "error: the program 'bim-hooks' is not installed, so the checks cannot run" >&2
            echo "hint: run bim's install.sh, or delete '$0'" >&2
            exit 1
        fi
        printf %s "$input" | bim-hooks run \(hook) "$@"

        """
    }

    /// Whether a script is one of ours, edited or not.
    static func isOurs(_ text: String) -> Bool {
        text.split(separator: "\n").dropFirst().first?.hasPrefix("# bim-hooks ") ?? false
    }
}
