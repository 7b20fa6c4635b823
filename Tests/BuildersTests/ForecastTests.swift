import Artifacts
import Builders
import Foundation
import ProjectConfig
import Testing

/// What a build would have to make.
struct ForecastTests {
    private let workshop: Workshop

    init() throws {
        workshop = try Workshop()
        try workshop.run(
            "git init -q app; cd app; mkdir a b; echo one > a/one; echo two > b/two; git add .; git commit -qm one")
    }

    @Test("It says what the build then does, and leaves no cache behind")
    func same() async throws {
        let request = try workshop.request("app")
        let environment = ["XDG_CACHE_HOME": "\(workshop.folder)/cache"]
        #expect(LayerCache(existingIn: environment) == nil)
        let before = try OwnBuilder.forecast(request, cache: nil)
        #expect(before.newLayers == before.layers && before.known.isEmpty && before.newBytes == 8)
        #expect(!FileManager.default.fileExists(atPath: "\(workshop.folder)/cache"))
        let result = try await workshop.build(request)
        #expect(result.newLayers == before.newLayers && result.artifact.layers.count == before.layers)
        let after = try OwnBuilder.forecast(request, cache: LayerCache(existingIn: environment))
        #expect(after.newLayers == 0 && after.newBytes == 0)
        #expect(after.known == result.artifact.layers.map(\.descriptor))
    }

    @Test("What is left out of the artifact is left out of the forecast; a ZIP is one piece")
    func settings() throws {
        var image = ImageSettings()
        image.exclude = ["a"]
        #expect(try OwnBuilder.forecast(try workshop.request("app", image), cache: nil).newBytes == 4)
        #expect(try ZipBuilder.forecast(try workshop.request("app"), cache: nil).layers == 1)
    }
}
