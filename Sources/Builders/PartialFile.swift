#if canImport(Glibc)
    internal import Glibc
#endif

/// The names of files that are still being written: each tells whose it is, so that what a kill left can be removed.
enum PartialFile {
    static func path(in folder: String) -> String {
        "\(folder)/partial-\(getpid())-\(UInt64.random(in: .min ... .max))"
    }

    static func isPartial(_ name: String) -> Bool { name.hasPrefix("partial-") }

    /// Whether the process that made it is gone.
    static func isAbandoned(_ name: String) -> Bool {
        let parts = name.split(separator: "-")
        guard parts.count == 3, let owner = pid_t(parts[1]) else { return true }
        return kill(owner, 0) != 0 && errno == ESRCH
    }
}
