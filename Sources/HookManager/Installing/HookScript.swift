internal import ProjectConfig

/// The script that stands in the place of a hook: hands over to bim-hooks, which first runs what was there before.
struct HookScript: Sendable {
    /// What a script is for.
    enum Duty: Sendable {
        /// The checks of the repository whose hooks folder it lies in.
        case checks
        /// The checks of every repository of the user, after the repository's own hook, which it hides from git.
        case everywhere
        /// Nothing but the repository's own hook, which it hides from git.
        case passOn
    }

    /// Whose a file in the place of a hook is.
    enum Authorship: Sendable, Equatable {
        case intact
        /// Made by bim-hooks and changed since: it belongs to whoever changed it.
        case edited
        case foreign
    }

    /// The suffix under which an earlier hook is kept.
    static let keptSuffix = ".before-bim"

    let hook: String
    /// The absolute path of bim-hooks.
    let program: String
    let duty: Duty

    /// The whole file.
    var text: String {
        let maker = duty == .checks ? "bim-hooks uninstall" : "bim-hooks uninstall --global"
        return """
            #!/bin/sh
            \(Self.mark(hook, body)) made by 'bim-hooks install'; '\(maker)' takes it away
            \(body)
            """
    }

    private var body: String {
        if duty == .passOn {
            return """
                own=$(git rev-parse --git-common-dir)/hooks/\(hook)
                [ ! -x "$own" ] || exec "$own" "$@"

                """
        }
        let place = duty == .everywhere ? #"--everywhere "$0""# : #""$0""#
        return """
            program=\(ShellQuoting.word(program))
            if ! [ -x "$program" ] && ! program=$(command -v bim-hooks); then
                echo "error: the program 'bim-hooks' is not installed, so the checks of '\(hook)' cannot run" >&2
                if [ -e "$0\(Self.keptSuffix)" ]; then remove="mv '$0\(Self.keptSuffix)' '$0'"; else remove="rm '$0'"; fi
                echo "hint: run bim's install.sh, or remove this hook: $remove" >&2
                exit 1
            fi
            exec "$program" hook \(place) "$@"

            """
    }

    /// Tells whether a file is one of these scripts, of whatever version of bim-hooks, and still as it was made.
    static func authorship(of text: String, hook: String) -> Authorship {
        let lines = text.split(separator: "\n", maxSplits: 2, omittingEmptySubsequences: false)
        guard lines.count == 3, lines[1].hasPrefix("# bim-hooks ") else { return .foreign }
        let isIntact = lines[0] == "#!/bin/sh" && lines[1].hasPrefix(mark(hook, String(lines[2])) + " ")
        return isIntact ? .intact : .edited
    }

    private static func mark(_ hook: String, _ body: String) -> String {
        "# bim-hooks \(hook) \(Fingerprint.of(body)):"
    }
}

/// The same one-liner for `hook.<name>.command` of git's configuration (git-config(1), git 2.54 and newer).
struct HookCommand: Sendable {
    let hook: String
    /// The absolute path of bim-hooks.
    let program: String
    /// Whether it stands for every repository of the user.
    var isEverywhere = false

    /// The name in the configuration; git allows no event's own name.
    static func name(of hook: String) -> String { "bim-\(hook)" }

    /// The command, behind which git puts the hook's arguments.
    var text: String { Self.mark(body) + body }

    private var body: String {
        """
        program=\(ShellQuoting.word(program)); [ -x "$program" ] || program=$(command -v bim-hooks) || { echo "error: the \
        program 'bim-hooks' is not installed, so the checks of '\(hook)' cannot run" >&2; echo "hint: run bim's \
        install.sh, or: git config --unset hook.\(Self.name(of: hook)).event" >&2; exit 1; }; exec "$program" \
        hook \(isEverywhere ? "--everywhere " : "")\(hook)
        """
    }

    /// Tells whether a command is one of these and still as it was made.
    static func authorship(of text: String) -> HookScript.Authorship {
        guard text.hasPrefix(": bim-hooks "), let end = text.firstIndex(of: ";") else { return .foreign }
        let body = String(text[text.index(after: end)...])
        return text.hasPrefix(mark(body)) ? .intact : .edited
    }

    private static func mark(_ body: String) -> String { ": bim-hooks \(Fingerprint.of(body));" }
}

/// Finds out whether a text was changed; it keeps nobody from changing both.
private enum Fingerprint {
    /// FNV-1a with 64 bits.
    static func of(_ text: String) -> String {
        let number = text.utf8.reduce(0xCBF2_9CE4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
        return String(number, radix: 16)
    }
}
