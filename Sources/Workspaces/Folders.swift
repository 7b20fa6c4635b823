package import Diagnostics
internal import Glibc

/// Making the folders of bim's records in a repository, and of its caches.
package enum Folders {
    /// Makes a folder and those above it, down from one that exists, for this user alone.
    package static func make(_ path: String, below existing: String) throws(UserError) {
        var current = existing
        for part in path.dropFirst(existing.count).split(separator: "/") {
            current += "/\(part)"
            if mkdir(current, 0o700) != 0 && errno != EEXIST { throw failure(current) }
        }
    }

    /// The error for what the operating system has just refused.
    package static func failure(_ path: String) -> UserError {
        let code = errno
        return UserError(
            code == ENOSPC ? .quota : .configInvalid, "cannot write '\(path)': \(String(cString: strerror(code)))",
            hint: "see who owns the folder, and whether its disk is full: ls -ld '\(path)'; df '\(path)'")
    }
}
