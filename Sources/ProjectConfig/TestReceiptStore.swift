internal import FoundationEssentials

#if canImport(Glibc)
    internal import Glibc
#endif

/// The receipts of a repository: one JSON file for each tree, shared by its worktrees.
///
/// They may be deleted at any time; what is not readable counts as absent.
package struct TestReceiptStore: Sendable {
    /// The folder of the files.
    package let folder: String

    /// The most receipts that are kept; the oldest go first.
    package static let limit = 1000

    /// Something could not be written.
    package struct Failure: Error, Sendable, Equatable {
        package let path: String
        /// What the operating system said.
        package let detail: String
    }

    /// Names the receipts of a repository by the folder that its worktrees share.
    package init(commonDirectory: String) {
        folder = commonDirectory + "/bim/receipts"
    }

    /// Returns what is known of a tree; nil when nothing is.
    package func load(tree: String) -> TestReceipt? {
        guard let bytes = read(path(of: tree)),
            let receipt = try? JSONDecoder().decode(TestReceipt.self, from: Data(bytes)), receipt.tree == tree
        else { return nil }
        return receipt
    }

    /// Adds records to what is known of a tree; two that do so at once lose nothing.
    package func add(_ records: [TestReceipt.Record], tree: String) throws(Failure) {
        guard !records.isEmpty else { return }
        try makeFolder()
        let lock = open(folder + "/lock", O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        guard lock >= 0, flock(lock, LOCK_EX) == 0 else { throw failure(folder + "/lock") }
        defer { close(lock) }
        var receipt = load(tree: tree) ?? TestReceipt(tree: tree)
        receipt.add(records)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        guard let data = try? encoder.encode(receipt) else {
            throw Failure(path: path(of: tree), detail: "the receipt has no JSON form")
        }
        try replace(path(of: tree), with: Array(data) + [UInt8(ascii: "\n")])
        prune()
    }

    private func path(of tree: String) -> String { "\(folder)/\(tree).json" }

    private func makeFolder() throws(Failure) {
        let parent = String(folder.prefix(upTo: folder.lastIndex(of: "/") ?? folder.endIndex))
        for path in [parent, folder] where mkdir(path, 0o700) != 0 && errno != EEXIST { throw failure(path) }
    }

    /// Writes a new file and puts it in the old one's place, so that a reader sees one of the two.
    private func replace(_ path: String, with bytes: [UInt8]) throws(Failure) {
        let new = path + ".new"
        let file = open(new, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw failure(new) }
        let isWritten = write(file, bytes, bytes.count) == bytes.count
        let isDone = isWritten && close(file) == 0 && rename(new, path) == 0
        if !isDone { throw failure(path) }
    }

    private func read(_ path: String) -> [UInt8]? {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var status = stat()
        guard fstat(file, &status) == 0, status.st_size < 1 << 20 else { return nil }
        let size = Int(status.st_size)
        return [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
            count = max(0, Glibc.read(file, buffer.baseAddress, size))
        }
    }

    private func prune() {
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: folder), names.count > Self.limit else {
            return
        }
        let aged = names.filter { $0.hasSuffix(".json") }.map { name in
            var status = stat()
            let age = stat("\(folder)/\(name)", &status) == 0 ? status.st_mtim.tv_sec : 0
            return (name, age)
        }
        for (name, _) in aged.sorted(by: { $0.1 < $1.1 }).prefix(aged.count - Self.limit * 4 / 5) {
            unlink("\(folder)/\(name)")
        }
    }

    private func failure(_ path: String) -> Failure {
        Failure(path: path, detail: String(cString: strerror(errno)))
    }
}
