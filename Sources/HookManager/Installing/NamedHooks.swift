internal import Diagnostics
internal import GitCore
internal import ProcessRunner
internal import ProjectConfig

/// The hooks that somebody wants checks for: the project in the folder's `bim.yml`, or else HEAD's, and this user.
struct NamedHooks {
    let names: Set<String>

    /// - Throws: `CONFIG_INVALID` for a file that cannot be understood.
    init(location: RepositoryLocation) throws(UserError) {
        let project: ProjectConfig
        let local: LocalChecks
        let configured: [String]
        do {
            let repository = try location.open()
            let configuration = try repository.configuration()
            configured = Check.hookNames.filter { !configuration.strings("bim.\($0)").isEmpty }
            local = try UserWishes.localChecks(of: repository)
            project = try Self.project(repository)
        } catch let error as GitError {
            throw error.hookError
        } catch let error as UserError {
            throw error
        } catch {
            throw UserError(.internal, "the configuration cannot be read", hint: "bim-hooks validate", cause: error)
        }
        names = Set(project.hooks.keys).union(local.checks.keys).union(configured)
    }

    private static func project(_ repository: borrowing Repository) throws -> ProjectConfig {
        if let workTree = repository.workTree, let bytes = ProcFile.read("\(workTree)/bim.yml") {
            return try ProjectConfig.checked(bytes)
        }
        guard let head = try? repository.resolve("HEAD") else { return .default }
        return try repository.projectConfig(ofTree: try repository.commit(head).tree)
    }
}

extension ProjectConfig {
    /// Reads a `bim.yml`'s bytes.
    ///
    /// - Throws: `CONFIG_INVALID`.
    static func checked(_ bytes: [UInt8]) throws(UserError) -> ProjectConfig {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw UserError(.configInvalid, "'bim.yml' is not UTF-8 text", hint: "save it as UTF-8 and commit it")
        }
        do {
            return try ProjectConfig.parse(text)
        } catch {
            throw UserError(.configInvalid, error.message, hint: "correct bim.yml and commit it")
        }
    }
}
