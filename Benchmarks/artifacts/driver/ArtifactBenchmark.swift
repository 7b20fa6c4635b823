import Artifacts
import Builders
import GitCore
import HTTPTransport
import ProjectConfig
import Registry

#if canImport(Glibc)
    import Glibc
#endif

/// Builds the image of a repository's HEAD and uploads it, as a push does, and prints what that took.
///
/// `artifact-benchmark REPOSITORY HOST/NAME`; the cache is that of the environment. One line of JSON, times in seconds.
@main
enum ArtifactBenchmark {
    static func main() async throws {
        let arguments = CommandLine.arguments
        guard arguments.count == 3, let reference = ImageReference(arguments[2]) else {
            print("usage: artifact-benchmark REPOSITORY HOST/NAME")
            exit(2)
        }
        let names = ["HOME", "PATH", "XDG_CACHE_HOME", "GIT_CONFIG_NOSYSTEM"]
        let pairs = names.compactMap { name in getenv(name).map { (name, String(cString: $0)) } }
        let environment = Dictionary(uniqueKeysWithValues: pairs)
        let location = RepositoryLocation(environment: environment, folder: arguments[1])
        let began = ContinuousClock.now
        let tree = try location.open().commit(try location.open().resolve("HEAD")).tree
        let cache = try LayerCache(environment: environment)
        let result = try await OwnBuilder(cache: cache).build(
            BuildRequest(
                repository: location, tree: tree, image: ImageSettings(), command: "true",
                platform: .init(os: "linux", architecture: "amd64"), base: nil)
        ) { _ in }
        let built = ContinuousClock.now
        let client = RegistryClient(
            reference, environment: environment, transport: HTTPTransport(), memory: UploadMemory(folder: cache.folder))
        var sent = UploadSummary(sentLayers: 0, layers: result.artifact.layers.count, sentBytes: 0)
        if try await !client.contains(result.artifact) { sent = try await client.upload(result.artifact) { _, _ in } }
        print(
            #"{"build":\#(seconds(built - began)),"upload":\#(seconds(.now - built)),"layers":\#(sent.layers),"#
                + #""sent":\#(sent.sentLayers),"bytes":\#(sent.sentBytes),"digest":"\#(result.artifact.digest)"}"#)
    }

    private static func seconds(_ duration: Duration) -> Double {
        Double(duration.components.seconds) + Double(duration.components.attoseconds) / 1e18
    }
}
