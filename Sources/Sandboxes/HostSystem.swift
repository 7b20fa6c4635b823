import ProcessRunner

/// What of this machine's own system a bubblewrap sandbox (bwrap(1)) is lent, as arguments.
package enum HostSystem {
    /// The walls: no rights, no processes and no terminal of the outside.
    package static let isolation = [
        "--unshare-user", "--unshare-pid", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try",
        "--uid", "1000", "--gid", "1000", "--die-with-parent", "--new-session", "--cap-drop", "ALL",
    ]

    /// What programs commonly read in `/etc` and what tells nothing about this machine's users or secrets.
    package static let harmlessSettings = [
        "alternatives", "ca-certificates", "ca-certificates.conf", "crypto-policies", "gai.conf", "group", "host.conf",
        "hosts",
        "ld.so.cache", "ld.so.conf", "ld.so.conf.d", "localtime", "mime.types", "nsswitch.conf", "passwd", "perl",
        "pki/tls/certs",
        "pki/ca-trust", "protocols", "python3", "resolv.conf", "rpc", "services", "ssl/certs", "ssl/openssl.cnf",
        "timezone",
    ]

    /// The read-only system: `/usr` with the links to it, and the settings in `/etc` that tell no secret.
    ///
    /// - Parameter hidden: folders that stay invisible even where `/usr` contains them.
    package static func arguments(hidden: [String]) -> [String] {
        var arguments = ["--ro-bind", "/usr", "/usr"]
        for name in ["/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"] {
            switch FileKind(of: name) {
            case .link(let target): arguments += ["--symlink", target, name]
            case .folder: arguments += ["--ro-bind", name, name]
            case .file, .missing, .other: break
            }
        }
        let languages = ProcFile.names(in: "/etc").filter { $0.hasPrefix("java-") || $0.hasPrefix("python3.") }.sorted()
        for name in harmlessSettings + languages {
            arguments += ["--ro-bind-try", "/etc/\(name)", "/etc/\(name)"]
        }
        for folder in hidden where HostTools.contains("/usr", folder) { arguments += ["--tmpfs", folder] }
        return arguments
    }
}
