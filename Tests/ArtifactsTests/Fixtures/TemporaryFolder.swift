import Foundation

/// A folder that is gone when the test is.
struct TemporaryFolder: ~Copyable {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.appending(path: "bim-artifacts-" + UUID().uuidString).path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }

    /// Makes an empty folder in this one.
    func folder(_ name: String) throws -> String {
        let folder = path + "/" + name
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        return folder
    }

    func write(_ bytes: [UInt8], to name: String) throws -> String {
        let file = path + "/" + name
        try Data(bytes).write(to: URL(fileURLWithPath: file))
        return file
    }
}

/// Everything below the folder, sorted: `path/` for directories, `path -> target` for links, `path = text` for files.
func listing(of folder: String) throws -> [String] {
    let files = FileManager.default
    return try files.subpathsOfDirectory(atPath: folder).sorted().map { path in
        let full = folder + "/" + path
        switch try files.attributesOfItem(atPath: full)[.type] as? FileAttributeType {
        case .typeDirectory?: return path + "/"
        case .typeSymbolicLink?: return try path + " -> " + files.destinationOfSymbolicLink(atPath: full)
        default: return path + " = " + String(decoding: try Data(contentsOf: URL(fileURLWithPath: full)), as: UTF8.self)
        }
    }
}

func bytes(of file: String) throws -> [UInt8] {
    [UInt8](try Data(contentsOf: URL(fileURLWithPath: file)))
}

func permissions(of path: String) throws -> Int {
    let value = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? NSNumber
    return value?.intValue ?? -1
}
