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
/// `artifact-benchmark REPOSITORY HOST/NAME [zstd]`; the cache is that of the environment. One line of JSON, times in seconds.
@main
enum ArtifactBenchmark {
    static func main() async throws {
        let arguments = CommandLine.arguments
        var image = ImageSettings()
        if arguments.last == "zstd" { image.compression = .zstd }
        guard arguments.count >= 3, let reference = ImageReference(arguments[2]) else {
            print("usage: artifact-benchmark REPOSITORY HOST/NAME [zstd]")
            exit(2)
        }
        let names = ["HOME", "PATH", "XDG_CACHE_HOME", "GIT_CONFIG_NOSYSTEM"]
        let pairs = names.compactMap { name in getenv(name).map { (name, String(cString: $0)) } }
        let environment = Dictionary(uniqueKeysWithValues: pairs)
        let location = RepositoryLocation(environment: environment, folder: arguments[1])
        let began = ContinuousClock.now
        let tree = try location.open().commit(try location.open().resolve("HEAD")).tree
        let cache = try LayerCache(environment: environment)
        let client = RegistryClient(
            reference, environment: environment, transport: HTTPTransport(), memory: UploadMemory(folder: cache.folder))
        let (layers, feed) = AsyncStream<Artifact.Layer>.makeStream()
        async let taken = client.take(layers)
        let result = try await OwnBuilder(cache: cache).build(
            BuildRequest(
                repository: location, tree: tree, image: image, command: "true",
                platform: .init(os: "linux", architecture: "amd64"), base: nil)
        ) { event in
            if case .layer(let layer) = event { feed.yield(layer) }
        }
        feed.finish()
        let built = ContinuousClock.now
        var sent = UploadSummary(sentLayers: 0, layers: result.artifact.layers.count, sentBytes: 0)
        if try await !client.contains(result.artifact) {
            sent = try await client.upload(result.artifact, after: try await taken) { _, _ in }
        }
        print(
            #"{"build":\#(seconds(built - began)),"upload":\#(seconds(.now - built)),"layers":\#(sent.layers),"#
                + #""sent":\#(sent.sentLayers),"bytes":\#(sent.sentBytes),"digest":"\#(result.artifact.digest)"}"#)
    }

    private static func seconds(_ duration: Duration) -> Double {
        Double(duration.components.seconds) + Double(duration.components.attoseconds) / 1e18
    }
}
