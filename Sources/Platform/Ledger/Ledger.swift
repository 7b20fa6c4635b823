internal import Diagnostics
internal import GRDB

#if canImport(Glibc)
    internal import Glibc
#endif

/// What the platform remembers, in SQLite: apps, environments, refs, deployments and releases.
///
/// Every change is one transaction in WAL mode, so that a kill at any moment leaves a true ledger. A copy is kept beside
/// it after each switch, for the day on which the file itself is damaged.
struct Ledger: Sendable {
    let pool: DatabasePool
    let path: String

    /// Opens the ledger at `path`, makes it when it does not exist, and brings its tables up to date.
    ///
    /// - Throws: `PLATFORM_UNAVAILABLE` when the file is damaged, cannot be written, or is missing beside its copy: an
    ///   empty ledger in its place would make the platform forget everything and remove what it no longer knows.
    init(path: String) throws(UserError) {
        self.path = path
        if access(path, F_OK) != 0, access(Self.backupPath(of: path), F_OK) == 0 {
            throw UserError(
                .platformUnavailable, "the ledger '\(path)' is missing, and a copy of it is there",
                hint: "git bim platform start --restore-ledger")
        }
        do {
            try Self.requireHeader(of: path)
            var configuration = Configuration()
            configuration.busyMode = .timeout(10)
            configuration.prepareDatabase { db in
                // A power cut must not take back a switch that a client was told of.
                try db.execute(sql: "PRAGMA synchronous = FULL")
            }
            pool = try DatabasePool(path: path, configuration: configuration)
            let verdict = try pool.read { db in try String.fetchOne(db, sql: "PRAGMA quick_check(1)") }
            guard verdict == "ok" else { throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: verdict) }
            guard try !pool.read(LedgerSchema.migrator.hasBeenSuperseded) else { throw WrittenByNewer() }
            try LedgerSchema.migrator.migrate(pool)
        } catch {
            throw Self.translate(error, path: path)
        }
        chmod(path, 0o600)
    }

    /// SQLite takes a file that is shorter than a page for an empty one, whatever it says.
    private static func requireHeader(of path: String) throws {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        let expected = Array("SQLite format 3\0".utf8)
        var header = [UInt8](repeating: 0, count: expected.count)
        let count = read(descriptor, &header, header.count)
        guard count == 0 || header == expected else { throw DatabaseError(resultCode: .SQLITE_NOTADB) }
    }

    /// Where the copy of the ledger lies.
    static func backupPath(of path: String) -> String { path + ".backup" }

    /// Copies the ledger beside itself; a copy that fails leaves the earlier one.
    func backUp() throws {
        let partial = Self.backupPath(of: path) + ".partial"
        unlink(partial)
        try pool.writeWithoutTransaction { db in try db.execute(sql: "VACUUM INTO ?", arguments: [partial]) }
        chmod(partial, 0o600)
        guard FolderContents.synchronize(partial) else { throw DatabaseError(resultCode: .SQLITE_IOERR) }
        rename(partial, Self.backupPath(of: path))
        FolderContents.synchronize(folderOf: path)
    }

    /// Puts the copy in the place of a damaged ledger, which is kept under another name.
    ///
    /// - Throws: `PLATFORM_UNAVAILABLE` when there is no copy.
    static func restore(path: String) throws(UserError) {
        let backup = backupPath(of: path)
        guard access(backup, R_OK) == 0 else {
            throw UserError(
                .platformUnavailable, "there is no copy of the ledger at '\(backup)'",
                hint: "move '\(path)' away to begin with an empty ledger, and push again")
        }
        // A second name, not another one: at no moment there is no ledger.
        for suffix in ["", "-wal"] where access(path + suffix, F_OK) == 0 {
            unlink(path + suffix + ".damaged")
            link(path + suffix, path + suffix + ".damaged")
        }
        unlink(path + "-wal")
        unlink(path + "-shm")
        guard rename(backup, path) == 0 else {
            throw UserError(.platformUnavailable, "the copy of the ledger at '\(backup)' cannot be put in its place")
        }
        FolderContents.synchronize(folderOf: path)
    }

    /// The ledger has tables that this version does not know.
    private struct WrittenByNewer: Error {}

    private static func translate(_ error: any Error, path: String) -> UserError {
        if error is WrittenByNewer {
            return UserError(
                .platformUnavailable, "the ledger '\(path)' was written by a newer version of bim",
                hint: "install that version again")
        }
        let code = (error as? DatabaseError)?.resultCode
        switch code {
        case .SQLITE_CORRUPT, .SQLITE_NOTADB:
            return UserError(
                .platformUnavailable, "the ledger '\(path)' is damaged",
                hint: "git bim platform start --restore-ledger", cause: error)
        case .SQLITE_FULL:
            return UserError(
                .quota, "no space is left for the ledger '\(path)'", hint: "free some space and try again", cause: error
            )
        default:
            return UserError(
                .platformUnavailable, "the ledger '\(path)' cannot be opened",
                hint: "make its folder writable and try again", cause: error)
        }
    }
}
