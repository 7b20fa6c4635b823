import Glibc
import ProcessRunner
import Sandboxes

/// The arguments of bubblewrap (bwrap(1)) for one instance. They hold no value of the instance's environment but
/// those that steer the dynamic loader.
struct SandboxArguments {
    let spec: InstanceSpec
    let tools: HostTools
    /// Folders that stay invisible even where `/usr` contains them.
    let hidden: [String]

    var all: [String] {
        get throws(RuntimeError) {
            let writable = try writableFolder()
            let system = spec.hasOwnSystem ? try ownSystem() : HostSystem.arguments(hidden: hidden)
            let end = spec.hasOwnSystem ? [] : ["--remount-ro", "/"]
            return HostSystem.isolation + ["--hostname", hostName] + system
                + ["--proc", "/proc", "--dev", "/dev", "--perms", "1777", "--tmpfs", "/tmp"]
                + (spec.hasOwnSystem ? [] : tools.folders.flatMap { ["--ro-bind", $0, $0] })
                + writable.flatMap { ["--bind", spec.root + $0, $0] } + end + ["--chdir", spec.workingDirectory]
                + loaderSettings + ["--"] + spec.command
        }
    }

    /// The one folder that the instance may write to besides `/tmp`: `/app`, or in a whole system without one the folder
    /// that its program starts in.
    private func writableFolder() throws(RuntimeError) -> [String] {
        let app = "\(spec.root)/app"
        if !spec.hasOwnSystem || FileKind(of: app) != .missing {
            try requireFolder(app)
            return ["/app"]
        }
        let steps = spec.workingDirectory.split(separator: "/")
        let name = "/" + steps.joined(separator: "/")
        // No step may be a link, which bubblewrap would follow out of the image.
        for count in steps.indices {
            let path = spec.root + "/" + steps[...count].joined(separator: "/")
            guard !steps.contains(".."), FileKind(of: path) == .folder else {
                throw RuntimeError(
                    .imageUnusable, detail: "its working directory '\(name)' is not a folder of the image")
            }
        }
        // Of a program that starts in the root nothing is known that it could need to write.
        return steps.isEmpty ? [] : [name]
    }

    /// The image as `/`, read-only, with the places where something is mounted made beforehand.
    ///
    /// bubblewrap follows links when it mounts, and an image may hold any link: only real folders and files are used.
    private func ownSystem() throws(RuntimeError) -> [String] {
        for name in ["proc", "dev", "tmp"] {
            let path = "\(spec.root)/\(name)"
            if FileKind(of: path) == .missing { mkdir(path, 0o755) }
            try requireFolder(path)
        }
        var arguments = ["--ro-bind", spec.root, "/"]
        guard FileKind(of: "\(spec.root)/etc") == .folder else { return arguments }
        for name in ["etc/resolv.conf", "etc/hosts"] {
            let path = "\(spec.root)/\(name)"
            if FileKind(of: path) == .missing {
                close(open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o644))
            }
            if FileKind(of: path) == .file { arguments += ["--ro-bind-try", "/\(name)", "/\(name)"] }
        }
        return arguments
    }

    private func requireFolder(_ path: String) throws(RuntimeError) {
        guard spec.root.hasPrefix("/"), FileKind(of: path) == .folder else {
            throw RuntimeError(.imageUnusable, detail: "'\(path)' is not a folder")
        }
    }

    private var hostName: String {
        let name = spec.label.lowercased().map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "-" }
        let trimmed = String(name.prefix(63)).split(separator: "-").joined(separator: "-")
        return trimmed.isEmpty ? "app" : trimmed
    }
}

extension SandboxArguments {
    /// The instance's environment as bubblewrap itself may be given it; it hands everything on.
    var environment: [String: String] {
        complete.filter { !Self.steersLoader($0.key) }
    }

    /// A program must not be able to load its own code into bubblewrap, which runs outside of the sandbox: these
    /// variables are set by an argument, after the sandbox is closed.
    private var loaderSettings: [String] {
        complete.filter { Self.steersLoader($0.key) }.sorted { $0.key < $1.key }
            .flatMap { ["--setenv", $0.key, $0.value] }
    }

    private var complete: [String: String] {
        let lent = spec.hasOwnSystem ? [] : tools.path
        let path = spec.environment["PATH"].map { [$0] + lent } ?? lent + [ExecutableLookup.defaultPath]
        var environment = spec.environment
        environment["PATH"] = path.joined(separator: ":")
        let hasApp = FileKind(of: "\(spec.root)/app") != .missing
        environment["HOME"] = environment["HOME"] ?? (hasApp ? "/app" : "/tmp")
        return environment
    }

    /// The variables that glibc itself ignores in privileged programs (`unsecvars.h`).
    private static func steersLoader(_ name: String) -> Bool {
        let names = [
            "GCONV_PATH", "GETCONF_DIR", "HOSTALIASES", "LOCALDOMAIN", "LOCPATH", "NIS_PATH", "NLSPATH",
            "RESOLV_HOST_CONF",
            "RES_OPTIONS", "TMPDIR", "TZDIR",
        ]
        return names.contains(name) || ["LD_", "GLIBC_", "MALLOC_"].contains { name.hasPrefix($0) }
    }
}
