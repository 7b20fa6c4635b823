internal import Diagnostics
internal import GitCore
internal import PlatformAPI
internal import ProjectConfig
internal import RemoteHelper

/// One ref to be changed: resolved once at the start, so that a branch that moves meanwhile changes nothing.
struct RefUpdate: Sendable {
    /// What becomes of the ref.
    enum Action: Sendable {
        /// A branch whose commit shall become live.
        case deploy(Commit, ProjectConfig, environment: String, isPreview: Bool)
        /// A ref that is kept with the source and deploys nothing.
        case store(ObjectID)
        case delete
        /// The branch's environment goes with it.
        case tearDown(environment: String)
    }

    let ref: String
    let old: ObjectID?
    let action: Action
    /// Whether the update may lose commits.
    let isForced: Bool
    /// Whether it does lose commits, which git shows.
    let losesCommits: Bool
    /// The number of the release that the ref stands for now.
    var liveRelease: Int?
}

/// Why a ref update is refused before anything is done for it.
struct Refusal: Error {
    let reason: RejectReason
    /// What is printed above git's own line; nil where git explains by itself.
    let error: UserError?

    init(_ reason: RejectReason, _ error: UserError? = nil) {
        self.reason = reason
        self.error = error
    }

    init(_ error: UserError) {
        self.init(.other(error.reason), error)
    }
}

/// Turns a push command into a ref update, with every check that needs no build.
struct RefUpdateResolver {
    let location: RepositoryLocation
    /// The refs as they are on the other side at this moment.
    let refs: [String: RefRecord]
    let options: PushOptions

    func resolve(_ command: PushCommand) throws(Refusal) -> RefUpdate {
        let old = refs[command.destination].flatMap { ObjectID(hex: $0.objectID) }
        try checkLease(on: command.destination, old)
        let isForced = command.force || options.leases[command.destination] != nil
        guard let source = command.source else {
            return try deletion(of: command.destination, old)
        }
        let repository = try open()
        let id = try resolve(source, repository)
        if id == old { throw Refusal(.upToDate) }
        switch EnvironmentMap(.default).meaning(ofRef: command.destination) {
        case .refused(let why): throw Refusal(UserError(.branchNotMapped, why, hint: "push a branch or a tag"))
        case .store:
            if old != nil, command.destination.hasPrefix("refs/tags/"), !isForced { throw Refusal(.alreadyExists) }
            return RefUpdate(
                ref: command.destination, old: old, action: .store(id), isForced: isForced, losesCommits: false)
        case .environment: break
        }
        let commit = try commit(id, for: command.destination, repository)
        let losesCommits = try losesCommits(from: old, to: commit.id, isForced: isForced, repository)
        return RefUpdate(
            ref: command.destination, old: old, action: try deployment(of: commit, to: command.destination, repository),
            isForced: isForced, losesCommits: losesCommits, liveRelease: refs[command.destination]?.release)
    }

    private func open() throws(Refusal) -> Repository {
        do { return try location.open() } catch { throw Refusal(error.userError) }
    }

    private func checkLease(on ref: String, _ old: ObjectID?) throws(Refusal) {
        switch options.leases[ref] {
        case nil: return
        case .mustNotExist: if old != nil { throw Refusal(.staleInfo) }
        case .oid(let expected): if old?.hex != expected { throw Refusal(.staleInfo) }
        }
    }

    private func deletion(of ref: String, _ old: ObjectID?) throws(Refusal) -> RefUpdate {
        guard old != nil else { throw Refusal(.upToDate) }
        let action = refs[ref]?.environment.map { RefUpdate.Action.tearDown(environment: $0) } ?? .delete
        return RefUpdate(ref: ref, old: old, action: action, isForced: true, losesCommits: false)
    }

    private func resolve(_ source: [UInt8], _ repository: borrowing Repository) throws(Refusal) -> ObjectID {
        do {
            return try repository.resolve(String(decoding: source, as: UTF8.self))
        } catch {
            throw Refusal(error.userError)
        }
    }

    private func commit(
        _ id: ObjectID, for ref: String, _ repository: borrowing Repository
    ) throws(Refusal) -> Commit {
        do {
            return try repository.commit(id)
        } catch {
            throw Refusal(
                error.kind == .wrongType
                    ? UserError(
                        .configInvalid, "'\(ref)' can only become a commit", hint: "push a branch or a commit",
                        cause: error)
                    : error.userError)
        }
    }

    /// git sends updates that lose commits too, so the check is ours.
    private func losesCommits(
        from old: ObjectID?, to new: ObjectID, isForced: Bool, _ repository: borrowing Repository
    ) throws(Refusal) -> Bool {
        guard let old else { return false }
        guard repository.contains(old) else {
            if isForced { return true }
            throw Refusal(.fetchFirst)
        }
        let isFastForward: Bool
        do { isFastForward = try repository.isAncestor(old, of: new) } catch { isFastForward = false }
        guard isFastForward || isForced else { throw Refusal(.nonFastForward) }
        return !isFastForward
    }

    /// What the branch means according to the pushed commit's own configuration.
    private func deployment(
        of commit: Commit, to ref: String, _ repository: borrowing Repository
    ) throws(Refusal) -> RefUpdate.Action {
        let config = try configuration(of: commit, repository)
        switch EnvironmentMap(config).meaning(ofRef: ref) {
        case .environment(let name, let isPreview):
            return .deploy(commit, config, environment: name, isPreview: isPreview)
        case .store: return .store(commit.id)
        case .refused(let why): throw Refusal(UserError(.branchNotMapped, why, hint: "map the branch in bim.yml"))
        }
    }

    private func configuration(of commit: Commit, _ repository: borrowing Repository) throws(Refusal) -> ProjectConfig {
        let bytes: [UInt8]?
        do { bytes = try repository.blob(at: "bim.yml", inTree: commit.tree) } catch { throw Refusal(error.userError) }
        guard let bytes else { return .default }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw Refusal(UserError(.configInvalid, "bim.yml is not UTF-8 text", hint: "save it as UTF-8 and commit"))
        }
        do {
            return try ProjectConfig.parse(text)
        } catch {
            throw Refusal(
                UserError(.configInvalid, error.message, hint: "mend bim.yml, commit and push again", cause: error))
        }
    }
}
