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
        /// The branch has the commit already, which was named by a tag.
        case keep
        /// The branch's environment goes with it.
        case tearDown(environment: String)
    }

    let ref: String
    let old: ObjectID?
    /// The object that was named for it, before a tag was taken for its commit; nil for a deletion.
    let pushedID: ObjectID?
    let action: Action
    /// Whether the update may lose commits.
    let isForced: Bool
    /// Whether it does lose commits, which git shows.
    let losesCommits: Bool
    /// The number of the release that the ref stands for now.
    var liveRelease: Int?
    /// What the ref that was pushed is and stays, where the pusher sent its commit to another environment; the zero id for
    /// one that is not there. Nil where `ref` is the pushed one.
    var destinationID: String?

    static let noObject = String(repeating: "0", count: 40)

    /// The object that a ref which deploys nothing is to become; nil for one that is to go.
    var storedID: ObjectID? { if case .store(let id) = action { id } else { nil } }
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

extension RejectReason {
    /// What programs read; nil where git's own words say it all.
    var code: ErrorCode? {
        switch self {
        case .fetchFirst, .staleInfo: .staleRef
        case .nonFastForward, .needsForce: .nonFastForward
        case .other(let text): ErrorCode(rawValue: String(text.prefix { $0 != ":" }))
        case .alreadyExists, .upToDate, .atomicPushFailed: nil
        }
    }

    /// The reason as git shows it.
    var sentence: String {
        switch self {
        case .nonFastForward: "non-fast-forward"
        case .fetchFirst: "fetch first"
        case .needsForce: "needs force"
        case .alreadyExists: "already exists"
        case .staleInfo: "stale info"
        case .upToDate: "up to date"
        case .atomicPushFailed: "atomic push failed"
        case .other(let text): text
        }
    }
}

/// Turns a push command into a ref update, with every check that needs no build.
struct RefUpdateResolver {
    let local: LocalRefs
    /// The refs as they are on the other side at this moment.
    let refs: [String: RefRecord]
    let options: PushOptions
    var policy = DeployPolicy.always
    /// Where branches are deployed to, if the pusher said so.
    var environment: String?

    func resolve(_ command: PushCommand) throws(Refusal) -> RefUpdate {
        let old = refs[command.destination].flatMap { ObjectID(hex: $0.objectID) }
        // `+` is more than a lease, as it is to git itself.
        if !command.force { try checkLease(on: command.destination, old) }
        let isForced = command.force || options.leases[command.destination] != nil
        guard let source = command.source else {
            return try deletion(of: command.destination, old)
        }
        let repository = try open()
        let id = try resolve(source, repository)
        if policy == .always, let environment, command.destination.hasPrefix("refs/heads/") {
            let commit = try commit(id, for: command.destination, repository)
            let config = try configuration(of: commit, repository)
            let own = EnvironmentMap(config).meaning(ofRef: command.destination)
            if case .environment(environment, _) = own {
            } else {
                return elsewhere(commit, config, environment, destination: old)
            }
        }
        if id == old { throw Refusal(.upToDate) }
        if policy == .always, let old, command.destination.hasPrefix("refs/heads/"),
            (try? repository.commit(id).id) == old
        {
            return RefUpdate(
                ref: command.destination, old: old, pushedID: id, action: .keep, isForced: isForced,
                losesCommits: false)
        }
        let losesCommits = try losesCommits(from: old, to: id, of: command.destination, isForced, repository)
        if policy == .never {
            return RefUpdate(
                ref: command.destination, old: old, pushedID: id, action: .store(id), isForced: isForced,
                losesCommits: losesCommits)
        }
        switch EnvironmentMap(.default).meaning(ofRef: command.destination) {
        case .refused(let why): throw Refusal(UserError(.branchNotMapped, why, hint: "push a branch or a tag"))
        case .store:
            return RefUpdate(
                ref: command.destination, old: old, pushedID: id, action: .store(id), isForced: isForced,
                losesCommits: losesCommits)
        case .environment: break
        }
        let commit = try commit(id, for: command.destination, repository)
        return RefUpdate(
            ref: command.destination, old: old, pushedID: id,
            action: try deployment(of: commit, to: command.destination, repository),
            isForced: isForced, losesCommits: losesCommits, liveRelease: refs[command.destination]?.release)
    }

    /// The update that brings a commit to an environment, whose branch follows it, back and forth.
    func promotion(of commit: Commit, to environment: String) throws(Refusal) -> RefUpdate {
        let config = try configuration(of: commit, try open())
        return elsewhere(commit, config, environment, destination: nil)
    }

    /// Whether a push to a ref deploys to this environment.
    func deploys(_ ref: String, to environment: String, _ config: ProjectConfig) -> Bool {
        if case .environment(environment, _) = EnvironmentMap(config).meaning(ofRef: ref) { return true }
        return refs[ref]?.environment == environment
    }

    /// The full name of the branch that deploys to an environment.
    func branch(of environment: String, _ config: ProjectConfig) -> String {
        let rule = EnvironmentMap(config).rule(named: environment)
        return refs.values.filter { $0.environment == environment }.map(\.ref).min()
            ?? "refs/heads/" + (rule?.branches.first { $0.isPlainName }?.text ?? environment)
    }

    /// The branch of another environment gets the commit; the pushed one stays what it is, since its own environment does.
    private func elsewhere(
        _ commit: Commit, _ config: ProjectConfig, _ environment: String, destination: ObjectID?
    ) -> RefUpdate {
        let rule = EnvironmentMap(config).rule(named: environment)
        let ref = branch(of: environment, config)
        let old = refs[ref].flatMap { ObjectID(hex: $0.objectID) }
        return RefUpdate(
            ref: ref, old: old, pushedID: commit.id,
            action: old == commit.id
                ? .keep : .deploy(commit, config, environment: environment, isPreview: rule == nil),
            isForced: true, losesCommits: false, liveRelease: refs[ref]?.release,
            destinationID: destination?.hex ?? RefUpdate.noObject)
    }

    private func open() throws(Refusal) -> Repository {
        do { return try local.location.open() } catch { throw Refusal(error.userError) }
    }

    private func checkLease(on ref: String, _ old: ObjectID?) throws(Refusal) {
        switch options.leases[ref] {
        case nil: return
        case .mustNotExist: if old != nil { throw Refusal(.staleInfo) }
        case .oid(let expected): if old?.hex != expected { throw Refusal(.staleInfo) }
        }
    }

    private func deletion(of ref: String, _ old: ObjectID?) throws(Refusal) -> RefUpdate {
        // What is not there is deleted already, as far as anybody can see; a repository may hide it and have its say.
        let environment = policy == .never ? nil : refs[ref]?.environment
        let action = environment.map { RefUpdate.Action.tearDown(environment: $0) } ?? .delete
        return RefUpdate(ref: ref, old: old, pushedID: nil, action: action, isForced: true, losesCommits: false)
    }

    private func resolve(_ source: [UInt8], _ repository: borrowing Repository) throws(Refusal) -> ObjectID {
        do {
            return try local.objectID(String(decoding: source, as: UTF8.self), in: repository)
        } catch {
            throw Refusal(error)
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

    /// git sends updates that lose commits too, so the check is ours; its rules and their order are those of git's
    /// `set_ref_status_for_push`.
    private func losesCommits(
        from old: ObjectID?, to new: ObjectID, of ref: String, _ isForced: Bool, _ repository: borrowing Repository
    ) throws(Refusal) -> Bool {
        guard let old, let reason = Self.reasonAgainst(old, new, ref, repository) else { return false }
        guard isForced else { throw Refusal(reason) }
        return true
    }

    private static func reasonAgainst(
        _ old: ObjectID, _ new: ObjectID, _ ref: String, _ repository: borrowing Repository
    ) -> RejectReason? {
        if ref.hasPrefix("refs/tags/") { return .alreadyExists }
        guard repository.contains(old) else { return .fetchFirst }
        guard (try? repository.commit(old)) != nil, (try? repository.commit(new)) != nil else { return .needsForce }
        // History that is not here cannot vouch for a fast-forward.
        return (try? repository.isAncestor(old, of: new)) == true ? nil : .nonFastForward
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

    func configuration(of commit: Commit, _ repository: borrowing Repository) throws(Refusal) -> ProjectConfig {
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
