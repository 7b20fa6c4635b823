/// The ports that an environment may be given, the preferred ones first, and whether one can be listened on now.
struct PortChoice: Sendable {
    let candidates: [Int]
    let isUsable: @Sendable (Int) -> Bool
}

/// The ports on which environments answer.
///
/// They lie below the range that Linux hands out to outgoing connections, so that a port kept for an environment is not
/// taken by chance while the platform is down.
enum EnvironmentPorts {
    /// The candidates for an environment: a place that its name decides, then the ones after it.
    static func candidates(for environment: EnvironmentID) -> [Int] {
        let hash = environment.description.utf8.reduce(UInt64(0xcbf2_9ce4_8422_2325)) {
            ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01b3
        }
        let start = Int(hash % UInt64(range.count))
        return range.indices.map { range.lowerBound + (start + $0 - range.startIndex) % range.count }
    }

    /// The live URL of the environment that has `port`.
    static func url(port: Int) -> String { "http://127.0.0.1:\(port)" }

    private static let range = 20000..<30000
}
