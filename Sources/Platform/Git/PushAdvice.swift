internal import PlatformAPI

/// What somebody is told who pushes to an app's repository without the remote helper.
enum PushAdvice {
    /// How git's programs, and the hook that they start, hear of the remote's URL.
    static let variable = "BIM_REMOTE_URL"

    /// The URL of the remote that the app is behind the helper.
    ///
    /// - Parameters:
    ///   - authority: the host and port that the client asked, as it says; what is none is left out.
    ///   - isSecure: whether a proxy in front says that it was asked with TLS.
    static func url(of app: AppID, authority: String?, isSecure: Bool) -> String {
        guard let authority, !authority.isEmpty, authority.utf8.allSatisfy(isOfAuthority) else {
            return "bim::https://<host>/\(app)"
        }
        let isHere = ["127.", "localhost", "[::1]"].contains { authority.hasPrefix($0) }
        if isHere, app.user == Identity.operator.user { return "bim::local/\(app.app)" }
        // The helper speaks without TLS to this machine alone.
        return "bim::\(isHere && !isSecure ? "http" : "https")://\(authority)/\(app)"
    }

    private static func isOfAuthority(_ byte: UInt8) -> Bool {
        let isLetter = (0x41...0x5A).contains(byte & 0xDF)
        return isLetter || (0x30...0x39).contains(byte) || ".-:[]".utf8.contains(byte)
    }

    /// A branch moves by a deployment alone, so a push that does not come from the remote helper is told what to type.
    static let preReceive = """
        #!/bin/sh
        while read -r old new ref; do
            case $ref in
            refs/bim/source/*) ;;
            *)
                name=${ref#refs/heads/}
                case $new in *[!0]*) ;; *) name="--delete $name" ;; esac
                echo "bim: this repository is written by deployments; push through the remote helper:" >&2
                echo "bim:     git push $\(variable) $name" >&2
                exit 1
                ;;
            esac
        done
        """
}
