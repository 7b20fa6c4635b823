package import Diagnostics
package import GitCore
internal import Glibc
internal import ProcessRunner

/// A kept snapshot folder of a repository, owned by one run until the value goes.
///
/// `<n>` is the folder, `<n>.lock` its guard, and `<n>.tree` says which tree it holds; a folder without that file was
/// left in the middle of a change.
package struct SnapshotSlot: ~Copyable {
    /// Where the files are.
    package let folder: String
    private let lock: Int32
    private var marker: String { folder + ".tree" }

    /// The most runs of one repository that have a folder each; further ones wait.
    package static let limit = 4

    private static let emptyTree = ObjectID(hex: "4b825dc642cb6eb9a060e54bf8d69288fbee4904") ?? .zero

    deinit { close(lock) }

    private init(folder: String, lock: Int32) {
        self.folder = folder
        self.lock = lock
    }

    /// Takes the first folder that nobody uses, and waits when all are in use.
    ///
    /// - Parameters:
    ///   - name: what the folders are for; those of another name are not shared.
    ///   - onWait: called once when it has to wait.
    package static func acquire(
        commonDirectory: String, named name: String = "snapshots", limit: Int = limit, onWait: () -> Void
    ) async throws(UserError) -> SnapshotSlot {
        let root = "\(commonDirectory)/bim/\(name)"
        try Folders.make(root, below: commonDirectory)
        try raiseBarrier(in: root)
        var hasWaited = false
        while true {
            for number in 1...limit {
                if let slot = try take("\(root)/\(number)") { return slot }
            }
            if !hasWaited { onWait() }
            hasWaited = true
            do { try await Task.sleep(for: .milliseconds(100)) } catch {
                throw UserError(.interrupted, "interrupted while another run held the folders", hint: "push again")
            }
        }
    }

    /// Keeps git from finding the user's repository from inside a snapshot, whatever environment a test gives it: the
    /// search upward ends at the first `.git`, and this one leads nowhere.
    private static func raiseBarrier(in root: String) throws(UserError) {
        let file = open(root + "/.git", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        if file < 0 && errno == EEXIST { return }
        guard file >= 0 else { throw Folders.failure(root + "/.git") }
        defer { close(file) }
        let text = Array("gitdir: nowhere\n".utf8)
        guard write(file, text, text.count) == text.count else { throw Folders.failure(root + "/.git") }
    }

    private static func take(_ folder: String) throws(UserError) -> SnapshotSlot? {
        let lock = open(folder + ".lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard lock >= 0 else { throw Folders.failure(folder + ".lock") }
        if flock(lock, LOCK_EX | LOCK_NB) == 0 { return SnapshotSlot(folder: folder, lock: lock) }
        close(lock)
        return nil
    }

    /// Makes the folder hold exactly the tree's files, and beside them only the caches of earlier runs.
    ///
    /// What a run before changed is put right first. Costs what differs, and a look at every file.
    ///
    /// - Throws: `GitError`, and `UserError` for what the file system refuses.
    package borrowing func prepare(
        _ tree: ObjectID, caches: CacheFolders, in repository: borrowing Repository
    ) throws {
        let held = isFolder ? try? heldTree() : nil
        do throws(GitError) {
            try update(to: tree, from: held, caches: caches, repository)
        } catch {
            guard isFolder, error.kind != .noSpace else { throw error }
            try rewrite(tree, repository)
        }
        try mark(tree)
    }

    /// Begins anew when what the folder held is beyond repair, such as a tree that git has forgotten.
    private borrowing func rewrite(_ tree: ObjectID, _ repository: borrowing Repository) throws {
        unlink(marker)
        guard SnapshotSweep.remove(folder) else { throw Folders.failure(folder) }
        try repository.writeSnapshot(ofTree: tree, to: folder)
    }

    private borrowing func update(
        to tree: ObjectID, from held: (tree: ObjectID, since: timespec)?, caches: CacheFolders,
        _ repository: borrowing Repository
    ) throws(GitError) {
        guard isFolder else {
            unlink(marker)
            return try repository.writeSnapshot(ofTree: tree, to: folder)
        }
        let old = held ?? (tree: Self.emptyTree, since: timespec())
        let sweep = SnapshotSweep(since: old.since, caches: caches)
        let isWhole = try sweep.run(folder, tree: old.tree, in: repository)
        if isWhole && old.tree == tree { return }
        unlink(marker)
        try repository.writeSnapshot(ofTree: tree, to: folder, previous: isWhole ? old.tree : Self.emptyTree)
    }

    private var isFolder: Bool {
        var status = stat()
        return lstat(folder, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    private borrowing func heldTree() throws -> (tree: ObjectID, since: timespec)? {
        var status = stat()
        guard let bytes = ProcFile.read(marker), stat(marker, &status) == 0,
            let tree = ObjectID(hex: String(decoding: bytes.prefix(40), as: UTF8.self))
        else { return nil }
        return (tree, status.st_ctim)
    }

    /// Writes the marker so that its time is later than that of every file before it and of none after it.
    private borrowing func mark(_ tree: ObjectID) throws(UserError) {
        var first = stat()
        var now = stat()
        repeat {
            let file = open(marker, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
            guard file >= 0 else { throw Folders.failure(marker) }
            let text = Array("\(tree.hex)\n".utf8)
            let isWritten = write(file, text, text.count) == text.count && fstat(file, &now) == 0
            close(file)
            guard isWritten else { throw Folders.failure(marker) }
            if first.st_ino == 0 { first = now }
            // The clock of a file system moves in ticks of some milliseconds.
            if first.st_ctim == now.st_ctim { usleep(1000) }
        } while first.st_ctim == now.st_ctim
    }
}

extension timespec {
    static func == (left: timespec, right: timespec) -> Bool {
        left.tv_sec == right.tv_sec && left.tv_nsec == right.tv_nsec
    }

    static func < (left: timespec, right: timespec) -> Bool {
        (left.tv_sec, left.tv_nsec) < (right.tv_sec, right.tv_nsec)
    }
}
