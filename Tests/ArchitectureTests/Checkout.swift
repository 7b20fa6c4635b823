import Foundation

/// The folder of the package that these tests were compiled from.
struct Checkout {
    private let root = URL(filePath: #filePath).resolvingSymlinksInPath()
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    func text(_ path: String) throws -> String {
        try String(contentsOf: root.appending(path: path), encoding: .utf8)
    }

    /// The names of the folders in a folder.
    func folders(in path: String) throws -> Set<String> {
        let names = try FileManager.default.contentsOfDirectory(
            at: root.appending(path: path), includingPropertiesForKeys: [.isDirectoryKey], options: .skipsHiddenFiles)
        return Set(names.filter(\.hasDirectoryPath).map(\.lastPathComponent))
    }

    /// The folders in which something is written in Swift.
    func swiftFolders(in path: String) throws -> Set<String> {
        try folders(in: path).filter { name in
            let folder = root.appending(path: "\(path)/\(name)").path(percentEncoded: false)
            return try FileManager.default.subpathsOfDirectory(atPath: folder).contains { $0.hasSuffix(".swift") }
        }
    }

    /// Every Swift file below `Sources`, with the target that its first folder names.
    func sources() throws -> [SourceFile] {
        let folder = root.appending(path: "Sources")
        let paths = try FileManager.default.subpathsOfDirectory(atPath: folder.path(percentEncoded: false))
        return try paths.filter { $0.hasSuffix(".swift") }.sorted().map { path in
            SourceFile(target: String(path.prefix { $0 != "/" }), path: path, text: try text("Sources/" + path))
        }
    }
}
