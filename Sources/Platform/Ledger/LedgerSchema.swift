internal import GRDB

/// The tables of the ledger; a migration is never edited once released, only followed by another.
enum LedgerSchema {
    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1 apps, environments, deployments, releases") { db in
            try db.execute(sql: first)
        }
        migrator.registerMigration("configuration of environments") { db in try db.execute(sql: configuration) }
        migrator.registerMigration("webhooks") { db in try db.execute(sql: webhooks) }
        return migrator
    }

    private static let first = """
        CREATE TABLE app (
            user TEXT NOT NULL, name TEXT NOT NULL, created_at TEXT NOT NULL,
            PRIMARY KEY (user, name)
        ) STRICT;
        CREATE TABLE environment (
            user TEXT NOT NULL, app TEXT NOT NULL, name TEXT NOT NULL,
            kind TEXT NOT NULL CHECK (kind IN ('permanent', 'preview')),
            protected INTEGER NOT NULL DEFAULT 0, ref TEXT, port INTEGER NOT NULL UNIQUE, live_release INTEGER, created_at TEXT NOT NULL,
            PRIMARY KEY (user, app, name),
            FOREIGN KEY (user, app) REFERENCES app (user, name)
        ) STRICT;
        CREATE TABLE ref (
            user TEXT NOT NULL, app TEXT NOT NULL, name TEXT NOT NULL, object_id TEXT NOT NULL,
            environment TEXT, release INTEGER, updated_at TEXT NOT NULL,
            PRIMARY KEY (user, app, name),
            FOREIGN KEY (user, app) REFERENCES app (user, name)
        ) STRICT;
        CREATE TABLE deployment (
            id TEXT PRIMARY KEY NOT NULL, sequence INTEGER NOT NULL UNIQUE,
            user TEXT NOT NULL, app TEXT NOT NULL, environment TEXT NOT NULL,
            request TEXT NOT NULL, status TEXT NOT NULL, phase TEXT, release INTEGER, failure TEXT,
            created_at TEXT NOT NULL, finished_at TEXT,
            FOREIGN KEY (user, app) REFERENCES app (user, name)
        ) STRICT;
        CREATE INDEX deployment_by_environment ON deployment (user, app, environment, sequence);
        CREATE TABLE event (
            deployment TEXT NOT NULL REFERENCES deployment (id), id INTEGER NOT NULL,
            time TEXT NOT NULL, type TEXT NOT NULL, phase TEXT, message TEXT NOT NULL,
            PRIMARY KEY (deployment, id)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE release (
            user TEXT NOT NULL, app TEXT NOT NULL, environment TEXT NOT NULL, number INTEGER NOT NULL,
            deployment TEXT NOT NULL REFERENCES deployment (id), created_at TEXT NOT NULL,
            PRIMARY KEY (user, app, environment, number)
        ) STRICT;
        CREATE TABLE lease (
            user TEXT NOT NULL, app TEXT NOT NULL, environment TEXT NOT NULL,
            deployment TEXT NOT NULL REFERENCES deployment (id), since TEXT NOT NULL, expires_at TEXT NOT NULL,
            PRIMARY KEY (user, app, environment)
        ) STRICT;
        CREATE TABLE idempotency (
            key TEXT PRIMARY KEY NOT NULL, request TEXT NOT NULL, deployment TEXT NOT NULL, created_at TEXT NOT NULL
        ) STRICT;
        CREATE TABLE tag (
            repository TEXT NOT NULL, name TEXT NOT NULL, digest TEXT NOT NULL, media_type TEXT NOT NULL,
            PRIMARY KEY (repository, name)
        ) STRICT;
        """

    /// What was set for an environment, and with each deployment the whole as it was when the deployment began.
    private static let configuration = """
        CREATE TABLE config (
            user TEXT NOT NULL, app TEXT NOT NULL, environment TEXT NOT NULL, name TEXT NOT NULL,
            value TEXT NOT NULL, secret INTEGER NOT NULL, updated_at TEXT NOT NULL,
            PRIMARY KEY (user, app, environment, name),
            FOREIGN KEY (user, app) REFERENCES app (user, name)
        ) STRICT;
        ALTER TABLE deployment ADD COLUMN config TEXT;
        """

    /// Who is told how deployments end, and what has still to be told.
    private static let webhooks = """
        CREATE TABLE webhook (
            user TEXT NOT NULL, app TEXT NOT NULL, environment TEXT NOT NULL,
            url TEXT NOT NULL, secret TEXT NOT NULL, last TEXT, updated_at TEXT NOT NULL,
            PRIMARY KEY (user, app, environment),
            FOREIGN KEY (user, app) REFERENCES app (user, name)
        ) STRICT;
        CREATE TABLE message (
            number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE,
            user TEXT NOT NULL, app TEXT NOT NULL, environment TEXT NOT NULL,
            deployment TEXT NOT NULL REFERENCES deployment (id), body TEXT NOT NULL
        ) STRICT;
        """
}
