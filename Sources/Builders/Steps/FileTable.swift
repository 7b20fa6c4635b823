internal import Artifacts

/// Files by their paths, to change them one by one.
struct FileTable {
    private var files: [String: LayerPlan.Entry] = [:]
    /// Paths that are no UTF-8 cannot be named; they stay as they are.
    private var others: [LayerPlan.Entry] = []

    init(_ entries: [LayerPlan.Entry]) {
        for entry in entries {
            if let path = String(validating: entry.path, as: UTF8.self) {
                files[path] = entry
            } else {
                others.append(entry)
            }
        }
    }

    var paths: some Collection<String> { files.keys }

    /// In no order.
    var entries: [LayerPlan.Entry] { Array(files.values) + others }

    mutating func remove(_ path: String) { files[path] = nil }

    mutating func keep(_ isWanted: (String) -> Bool) {
        files = files.filter { isWanted($0.key) }
        others = []
    }

    mutating func add(_ file: StepOutput.File) {
        let kind: LayerPlan.Kind =
            switch file.kind {
            case .file: .file(executable: false)
            case .executable: .file(executable: true)
            case .link: .symlink
            }
        files[file.path] = LayerPlan.Entry(
            path: Array(file.path.utf8), kind: kind, size: file.size, content: file.digest.hex)
    }
}
