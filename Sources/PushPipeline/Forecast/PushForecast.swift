internal import Diagnostics

/// What a push of one branch would do: what `git push --dry-run` and `git bim plan` print.
package struct PushForecast: Encodable, Sendable {
    let v = JSONShape.version
    let app: String
    let ref: String
    /// Nil where the push is refused before that is known.
    var environment: String?
    var isPreview: Bool?
    var isProtected: Bool?
    var commit: CommitName?
    /// Files of the folder that differ from the commit that is checked out.
    var changedFiles = 0
    var tests: Tests?
    var builder: Builder?
    var build: Build?
    var upload: Upload?
    var processes: [String: String] = [:]
    /// Who said how the app is started.
    var processOrigin: String?
    var releaseCommand: String?
    /// What is live from the branch now; nil where nothing is.
    var live: Live?
    /// Whether the commit is live already, so that git sends nothing.
    var isUpToDate = false
    /// Whether the embedded platform has to be started.
    var startsPlatform = false
    var notices: [String] = []
    /// Why the push would be refused; nil where nothing speaks against it.
    var refusal: Refusal?

    struct CommitName: Encodable, Sendable {
        let id: String
        let summary: String
    }

    struct Tests: Encodable, Sendable {
        /// `passed`, `skipped` or `none`, as the deployment would say.
        let status: String
        let text: String?
    }

    struct Builder: Encodable, Sendable {
        let name: String
        let reason: String
    }

    struct Build: Encodable, Sendable {
        let layers: Int
        let newLayers: Int
        /// Bytes of the files in the new layers, before they are compressed.
        let newBytes: Int64
        /// Bytes of the layers that were made before.
        let knownBytes: Int64
        /// The base image, whose layers are not counted.
        let base: String?
    }

    struct Upload: Encodable, Sendable {
        let place: String
        /// Layers that are not there, those that are to be built among them; nil where nobody can be asked.
        let missingLayers: Int?
        /// Bytes of those that were made before.
        let missingKnownBytes: Int64?
    }

    struct Live: Encodable, Sendable {
        let commit: String
        let release: Int?
        /// Commits that the push would add to what is live, and that it would take away; nil where history is missing.
        var added: Int?
        var lost: Int?
    }

    struct Refusal: Encodable, Sendable {
        let code: ErrorCode?
        let message: String
        let hint: String?
    }

    init(app: String, ref: String) {
        self.app = app
        self.ref = ref
    }
}

/// The version of every JSON document that a command prints (`docs/json.md`).
enum JSONShape {
    static let version = 1
}

extension PushForecast.Refusal {
    init(_ error: UserError) {
        self.init(code: error.code, message: error.message, hint: error.hint)
    }
}
