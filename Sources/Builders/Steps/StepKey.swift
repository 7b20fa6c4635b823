internal import Artifacts
internal import GitCore
internal import ProcessRunner
internal import ProjectConfig
internal import Workspaces

/// Names everything that a step's output follows from.
struct StepKey: Encodable {
    /// Changes with what bim itself does to a step and its output.
    private static let recipe = "steps-1"

    private let recipe = StepKey.recipe
    private let command: String
    private let environment: [String: String]
    private let network: Bool
    private let isClosed: Bool
    private let isTest: Bool
    /// The programs that the command names, each with what tells its version.
    private let tools: [String: String]
    /// The ids of the files and folders that it reads, by path; a path that the commit lacks has none.
    private let inputs: [String: String]
    /// What the steps before it made.
    private let before: [Digest]
    private let caches: [String]

    init(
        _ step: BuildStep, settings: BuildSettings, isClosed: Bool, tree: ObjectID, repository: borrowing Repository,
        path: String?, before: [StepOutput]
    ) throws {
        command = step.run
        environment = settings.environment.merging(step.environment) { $1 }
        network = settings.network
        self.isClosed = isClosed
        isTest = step.isTest
        tools = ToolVersions.of(command: step.run, path: path)
        self.before = try before.map { try $0.digest() }
        caches = settings.caches
        var inputs: [String: String] = [:]
        for path in step.inputs { inputs[path] = try Self.id(of: path, in: tree, repository) ?? "" }
        self.inputs = step.inputs.isEmpty ? ["": tree.hex] : inputs
    }

    func digest() throws -> Digest { .sha256(of: try CanonicalJSON.encode(self)) }

    private static func id(
        of path: String, in tree: ObjectID, _ repository: borrowing Repository
    ) throws(GitError) -> String? {
        var folder = tree
        var found: TreeEntry?
        for name in path.split(separator: "/") {
            if let found, found.mode != .directory { return nil }
            found = try repository.entries(ofTree: folder).first { $0.name.elementsEqual(name.utf8) }
            guard let found else { return nil }
            folder = found.id
        }
        return found.map { "\(String($0.mode.rawValue, radix: 8)) \($0.id.hex)" }
    }
}
