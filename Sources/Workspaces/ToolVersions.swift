internal import Glibc
internal import ProcessRunner

/// Tells the versions of the programs that a command names apart without running them.
package enum ToolVersions {
    /// The most words of a command that are looked up.
    private static let limit = 32

    /// Returns, for each program, size, time and number of its file: another version is another file.
    package static func of(command: String, path: String?) -> [String: String] {
        var versions: [String: String] = [:]
        for word in command.split(whereSeparator: { !isPartOfName($0) }).prefix(limit) {
            let name = String(word)
            guard versions[name] == nil, !name.contains("/"), name.first != "-" else { continue }
            versions[name] = ExecutableLookup.find(name, path: path).flatMap(fingerprint)
        }
        return versions
    }

    private static func fingerprint(_ path: String) -> String? {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        return "\(status.st_size)-\(status.st_mtim.tv_sec).\(status.st_mtim.tv_nsec)-\(status.st_ino)"
    }

    private static func isPartOfName(_ character: Character) -> Bool {
        character.isLetter || character.isNumber || "._+-/=".contains(character)
    }
}
