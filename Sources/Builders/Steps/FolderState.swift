internal import Artifacts
internal import ProcessRunner
internal import Workspaces

#if canImport(Glibc)
    internal import Glibc
#endif

/// The files of a folder at one moment, by what the file system says of them; caches are left out.
struct FolderState: Sendable {
    /// Tells a changed file from one that was left alone: nobody can set the change time back.
    private struct Facts: Equatable, Sendable {
        let kind: StepOutput.File.Kind
        let size: Int64
        let inode: UInt64
        let changed: [Int]
    }

    private let folder: String
    private var files: [String: Facts] = [:]

    private init() { folder = "" }

    /// A folder that holds no file.
    static let nothing = FolderState()

    init(of folder: String, without caches: CacheFolders) throws {
        self.folder = folder
        try read("", caches)
    }

    private mutating func read(_ prefix: String, _ caches: CacheFolders) throws {
        for name in ProcFile.names(in: prefix.isEmpty ? folder : "\(folder)/\(prefix)") {
            let path = prefix.isEmpty ? name : "\(prefix)/\(name)"
            var status = stat()
            guard lstat("\(folder)/\(path)", &status) == 0 else { continue }
            let kind: StepOutput.File.Kind
            switch status.st_mode & S_IFMT {
            case S_IFDIR:
                guard caches.verdict(name: Array(name.utf8), path: Array(path.utf8)) != .keep else { continue }
                try read(path, caches)
                continue
            case S_IFREG: kind = status.st_mode & 0o100 != 0 ? .executable : .file
            case S_IFLNK: kind = .link
            default: continue
            }
            guard !name.unicodeScalars.contains("\u{FFFD}") else {
                throw BuildFailure(.unusable("it made a file whose name is no UTF-8: '\(path)'"))
            }
            files[path] = Facts(
                kind: kind, size: Int64(status.st_size), inode: UInt64(status.st_ino),
                changed: [status.st_ctim.tv_sec, status.st_ctim.tv_nsec])
        }
    }

    /// What has changed since an earlier moment, with the contents put into the store.
    func output(since earlier: FolderState, store: OutputStore) throws -> StepOutput {
        var output = StepOutput()
        output.removed = earlier.files.keys.filter { files[$0] == nil }.sorted()
        for (path, facts) in files.sorted(by: { $0.key < $1.key }) where earlier.files[path] != facts {
            try Task.checkCancellation()
            let content =
                facts.kind == .link
                ? try store.add(text: Self.target(of: "\(folder)/\(path)")) : try store.add(file: "\(folder)/\(path)")
            output.files.append(.init(path: path, kind: facts.kind, digest: content.digest, size: content.size))
        }
        return output
    }

    private static func target(of path: String) throws -> [UInt8] {
        var buffer = [UInt8](repeating: 0, count: Int(PATH_MAX))
        let count = buffer.withUnsafeMutableBytes { bytes in
            bytes.withMemoryRebound(to: CChar.self) { text in
                text.baseAddress.map { readlink(path, $0, text.count) } ?? -1
            }
        }
        guard count >= 0 else { throw SystemError(call: "readlink", path: path, errno: errno) }
        return Array(buffer[..<count])
    }
}
