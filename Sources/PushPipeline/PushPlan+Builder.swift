internal import Artifacts
internal import Builders
internal import Diagnostics
internal import GitCore
internal import ProjectConfig

/// Which builder makes the artifact.
extension PushPlan {
    static func choose(
        _ commit: Commit, _ config: ProjectConfig, _ settings: RemoteSettings
    ) throws(UserError) -> BuilderChoice {
        let files: CommitFiles
        let location = settings.location
        do { files = try CommitFiles(location, tree: commit.tree) } catch { throw error.userError }
        let found = Result { () throws(BuilderChoice.FileMissing) in try BuilderChoice(config, files: files) }
        // What could not be read seemed not to be there, so what was chosen means nothing.
        if let failure = files.failure { throw failure.userError }
        let choice: BuilderChoice
        do { choice = try found.get() } catch { throw error.userError }
        guard !choice.bringsCommand || config.artifact == .image else {
            throw UserError(
                .configInvalid, "a ZIP holds files, and \(choice.reason) an image is built",
                hint: "remove 'artifact: zip' from bim.yml, or set 'build: { builder: steps }'")
        }
        if let script = choice.settings.dagger?.script, choice.kind == .dagger {
            try requireConsent(to: script, settings)
        }
        do { try choice.checkTools(path: location.environment["PATH"]) } catch { throw error.userError }
        return choice
    }

    /// A script of the commit runs as the pusher, outside of any sandbox, and may be somebody else's.
    private static func requireConsent(to script: String, _ settings: RemoteSettings) throws(UserError) {
        let own: (key: String, value: String)?
        do { own = try settings.value("daggerScripts") } catch { throw error.userError }
        guard !["true", "yes", "on", "1"].contains(own?.value.lowercased()) else { return }
        throw UserError(
            .forbidden, "the commit's '\(script)' would run on this machine with your rights",
            hint: "read it, then git config bim.daggerScripts true")
    }

    static func closesBuild(_ settings: RemoteSettings) throws(UserError) -> Bool {
        let own: (key: String, value: String)?
        do { own = try settings.value("buildSandbox") } catch { throw error.userError }
        return !["false", "no", "off", "0"].contains(own?.value.lowercased())
    }

    /// What makes the artifact.
    func builder(_ cache: LayerCache) -> any Builder {
        let packer: any Builder =
            switch config.artifact {
            case .image: OwnBuilder(cache: cache)
            case .zip: ZipBuilder(cache: cache)
            }
        return switch choice.kind {
        case .own: packer
        case .steps: StepsBuilder(choice.settings, isClosed: closesBuild, packer: packer)
        case .dockerfile: DockerfileBuilder(choice.settings, cache: cache)
        case .dagger: DaggerBuilder(choice.settings, packer: packer, cache: cache)
        }
    }
}
