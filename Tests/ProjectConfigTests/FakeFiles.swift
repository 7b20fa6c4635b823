@testable import ProjectConfig

/// Files as a list of paths; a path that begins with `*` is executable, text may follow a `=`.
struct FakeFiles: FileListing {
    private var files: [String: (text: String, isExecutable: Bool)] = [:]

    init(_ paths: [String]) {
        for path in paths {
            let parts = path.split(separator: "=", maxSplits: 1).map(String.init)
            let isExecutable = parts[0].hasPrefix("*")
            files[isExecutable ? String(parts[0].dropFirst()) : parts[0]] = (
                parts.count > 1 ? parts[1] : "", isExecutable
            )
        }
    }

    func text(_ path: String) -> String? {
        files[path]?.text
    }

    func exists(_ path: String) -> Bool {
        files[path] != nil || files.keys.contains { $0.hasPrefix("\(path)/") }
    }

    func names(in folder: String) -> [(name: String, isExecutable: Bool, isDirectory: Bool)] {
        let prefix = folder.isEmpty ? "" : "\(folder)/"
        var names: [String: (Bool, Bool)] = [:]
        for (path, file) in files where path.hasPrefix(prefix) {
            let parts = path.dropFirst(prefix.count).split(separator: "/")
            names[String(parts[0])] = parts.count > 1 ? (false, true) : (file.isExecutable, false)
        }
        return names.map { ($0.key, $0.value.0, $0.value.1) }
    }
}
