import Foundation
import GitCore

/// A folder of its own for one test, with a hermetic git; removed with the value.
final class Sandbox {
    /// Absolute and free of symbolic links.
    let root: String

    struct Failure: Error {
        let arguments: [String]
        let status: Int32
    }

    init() throws {
        var template = Array("\(NSTemporaryDirectory())/gitcore-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil, let resolved = realpath(template, nil) else {
            throw CocoaError(.fileWriteUnknown)
        }
        defer { free(resolved) }
        root = String(cString: resolved)
        try FileManager.default.createDirectory(atPath: path("home"), withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: root) }

    func path(_ name: String) -> String { "\(root)/\(name)" }

    /// What a program sees that no git has started.
    var environment: [String: String] {
        ["HOME": path("home"), "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null"]
    }

    /// Runs git in a folder of the sandbox and returns what it printed, without the last newline.
    @discardableResult
    func git(
        _ arguments: String..., in folder: String = "repo", with extra: [String: String] = [:], input: [UInt8] = [],
        mayFail: Bool = false
    ) throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["git"] + arguments
        process.currentDirectoryURL = URL(fileURLWithPath: path(folder))
        let fixed = [
            "PATH": "\(root)/bin:/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC",
            "GIT_AUTHOR_NAME": "Ada", "GIT_AUTHOR_EMAIL": "ada@example.org", "GIT_AUTHOR_DATE": "1700000000 +0000",
            "GIT_COMMITTER_NAME": "Bob", "GIT_COMMITTER_EMAIL": "bob@example.org",
            "GIT_COMMITTER_DATE": "1700000000 +0000",
        ]
        process.environment = environment.merging(fixed) { $1 }.merging(extra) { $1 }
        let inputFile = path("input")
        try Data(input).write(to: URL(fileURLWithPath: inputFile))
        process.standardInput = FileHandle(forReadingAtPath: inputFile)
        let output = Pipe()
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        let bytes = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        guard process.terminationStatus == 0 || mayFail else {
            throw Failure(arguments: arguments, status: process.terminationStatus)
        }
        let text = String(decoding: bytes, as: UTF8.self)
        return text.hasSuffix("\n") ? String(text.dropLast()) : text
    }

    /// Makes a repository with the branch `main` and no commit.
    func makeRepository(_ folder: String = "repo", options: String...) throws {
        try FileManager.default.createDirectory(atPath: path(folder), withIntermediateDirectories: true)
        switch options.first {
        case let option?: try git("init", "-q", "-b", "main", option, in: folder)
        case nil: try git("init", "-q", "-b", "main", in: folder)
        }
    }

    func write(_ text: String, to name: String) throws {
        let url = URL(fileURLWithPath: path(name))
        try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: url)
    }

    /// Writes one file, commits everything and returns the commit.
    @discardableResult
    func commit(
        _ text: String = "text\n", to file: String = "file", in folder: String = "repo", message: String = "Change it",
        at time: Int = 1_700_000_000
    ) throws -> ObjectID {
        try write(text, to: "\(folder)/\(file)")
        try git("add", "-A", in: folder)
        try git(
            "commit", "-q", "--allow-empty", "-m", message, in: folder, with: ["GIT_COMMITTER_DATE": "\(time) +0000"])
        return try id("HEAD", in: folder)
    }

    /// What git itself says that a revision is.
    func id(_ revision: String, in folder: String = "repo") throws -> ObjectID {
        let text = try git("rev-parse", "--verify", revision, in: folder)
        guard let id = ObjectID(hex: text) else { throw Failure(arguments: [text], status: 0) }
        return id
    }

    /// Stores bytes as a tree that git would not make.
    func literalTree(_ entries: [(mode: String, name: [UInt8], id: ObjectID)]) throws -> ObjectID {
        var bytes: [UInt8] = []
        for entry in entries {
            bytes += Array("\(entry.mode) ".utf8) + entry.name + [0]
            let digits = Array(entry.id.hex)
            bytes += stride(from: 0, to: 40, by: 2).compactMap { UInt8(String(digits[$0...$0 + 1]), radix: 16) }
        }
        let text = try git("hash-object", "-t", "tree", "-w", "--literally", "--stdin", input: bytes)
        guard let id = ObjectID(hex: text) else { throw Failure(arguments: [text], status: 0) }
        return id
    }

    func blob(_ text: String) throws -> ObjectID {
        let text = try git("hash-object", "-w", "--stdin", input: Array(text.utf8))
        guard let id = ObjectID(hex: text) else { throw Failure(arguments: [text], status: 0) }
        return id
    }

    func open(_ folder: String = "repo", with extra: [String: String] = [:]) throws -> Repository {
        try Repository(fromEnvironment: environment.merging(extra) { $1 }, startingAt: path(folder))
    }

    /// The kind of the error that the body throws, for expectations.
    func errorKind(_ body: () throws -> Void) -> GitError.Kind? {
        do {
            try body()
            return nil
        } catch {
            return (error as? GitError)?.kind
        }
    }

    func exists(_ name: String) -> Bool {
        var status = stat()
        return lstat(path(name), &status) == 0
    }

    func text(_ name: String) -> String? {
        FileManager.default.contents(atPath: path(name)).map { String(decoding: $0, as: UTF8.self) }
    }

    /// The type and permission bits, in octal.
    func mode(_ name: String) -> String? {
        var status = stat()
        return lstat(path(name), &status) == 0 ? String(status.st_mode, radix: 8) : nil
    }
}
