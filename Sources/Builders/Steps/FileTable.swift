internal import Artifacts

/// The files of a tree by their paths, to change them one by one.
struct FileTable {
    private var nodes: [String: SourceTree.Node] = [:]
    /// Names that are no UTF-8 have no path here; they stay as they are.
    private var others: [SourceTree.Node] = []

    init(_ tree: SourceTree) {
        add(tree.nodes, prefix: "")
    }

    private mutating func add(_ nodes: [SourceTree.Node], prefix: String) {
        for node in nodes {
            guard let name = String(validating: node.name, as: UTF8.self) else {
                if prefix.isEmpty { others.append(node) }
                continue
            }
            if case .directory(let children) = node.kind {
                add(children, prefix: prefix + name + "/")
            } else {
                self.nodes[prefix + name] = node
            }
        }
    }

    var paths: some Collection<String> { nodes.keys }

    mutating func remove(_ path: String) { nodes[path] = nil }

    mutating func keep(_ isWanted: (String) -> Bool) {
        nodes = nodes.filter { isWanted($0.key) }
        others = []
    }

    mutating func add(_ file: StepOutput.File) {
        let name = file.path.split(separator: "/").last.map { Array($0.utf8) } ?? []
        let kind: SourceTree.Kind =
            switch file.kind {
            case .file: .file(executable: false)
            case .executable: .file(executable: true)
            case .link: .symlink
            }
        nodes[file.path] = SourceTree.Node(name: name, kind: kind, size: file.size, content: file.digest.hex)
    }

    var tree: SourceTree {
        let root = Folder()
        for (path, node) in nodes {
            var folder = root
            for name in path.split(separator: "/").dropLast() { folder = folder.subfolder(String(name)) }
            folder.files.append(node)
        }
        return SourceTree(root.nodes + others)
    }

    private final class Folder {
        var files: [SourceTree.Node] = []
        private var folders: [String: Folder] = [:]

        func subfolder(_ name: String) -> Folder {
            if let folder = folders[name] { return folder }
            let folder = Folder()
            folders[name] = folder
            return folder
        }

        var nodes: [SourceTree.Node] {
            files + folders.map { .directory(name: Array($0.key.utf8), $0.value.nodes) }
        }
    }
}
