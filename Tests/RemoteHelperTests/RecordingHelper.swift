import Foundation

/// A repository with one commit on `main`, and a remote helper that writes down what git says and answers from files.
///
/// The helper is `rec`: `git push rec::x …`. Everything is removed with this object.
final class RecordingHelper {
    let folder: URL
    private let environment: [String: String]

    private static let program = #"""
        #!/bin/sh
        cd "$REC_FOLDER"
        pushing=
        while IFS= read -r line; do
            printf '%s\n' "$line" >>heard
            case "$line" in
            capabilities) printf 'option\npush\nfetch\nobject-format\n\n' ;;
            option*) echo ok ;;
            list*) cat refs ;;
            push*) pushing=1 ;;
            '') test "$pushing" || exit 0
                cat answer
                pushing= ;;
            esac
        done
        """#

    init() throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "rec-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        environment = [
            "PATH": "\(folder.path):\(ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin")",
            "HOME": folder.path, "REC_FOLDER": folder.path, "LC_ALL": "C.UTF-8",
            "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null",
            "GIT_AUTHOR_NAME": "A", "GIT_AUTHOR_EMAIL": "a@example.org", "GIT_AUTHOR_DATE": "2024-01-02T03:04:05Z",
            "GIT_COMMITTER_NAME": "A", "GIT_COMMITTER_EMAIL": "a@example.org",
            "GIT_COMMITTER_DATE": "2024-01-02T03:04:05Z",
        ]
        let helper = folder.appending(path: "git-remote-rec")
        try Data(Self.program.utf8).write(to: helper)
        try FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: helper.path)
        try write("\n", to: "refs")
        try write("\n", to: "answer")
        try git("init", "--quiet", "--initial-branch=main", "work")
        try git("-C", "work", "commit", "--quiet", "--allow-empty", "--message=hello world")
    }

    deinit {
        try? FileManager.default.removeItem(at: folder)
    }

    /// Sets what the helper answers: to `list` (`refs`) or to a push batch (`answer`).
    func write(_ bytes: some Sequence<UInt8>, to file: String) throws {
        try Data(bytes).write(to: folder.appending(path: file))
    }

    func write(_ text: String, to file: String) throws {
        try write(text.utf8, to: file)
    }

    /// All that git has said to helpers, line by line.
    func heard() throws -> [[UInt8]] {
        let bytes = try Data(contentsOf: folder.appending(path: "heard"))
        return bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).dropLast().map(Array.init)
    }

    /// Runs git and returns its exit status, its stdout and its stderr.
    @discardableResult
    func git(_ arguments: String...) throws -> (status: Int32, output: String, errors: String) {
        let run = Process()
        run.executableURL = URL(filePath: "/usr/bin/env")
        run.arguments = ["git"] + arguments
        run.environment = environment
        run.currentDirectoryURL = folder
        let files = ["stdout", "stderr"].map { folder.appending(path: $0) }
        try write("", to: "stdout")
        try write("", to: "stderr")
        run.standardInput = FileHandle.nullDevice
        run.standardOutput = try FileHandle(forWritingTo: files[0])
        run.standardError = try FileHandle(forWritingTo: files[1])
        try run.run()
        run.waitUntilExit()
        let texts = try files.map { String(decoding: try Data(contentsOf: $0), as: UTF8.self) }
        return (run.terminationStatus, texts[0], texts[1])
    }
}
