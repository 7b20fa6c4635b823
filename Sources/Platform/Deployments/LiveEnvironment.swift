internal import PlatformAPI

/// What answers for an environment: its stable port, and the release that serves behind it.
actor LiveEnvironment {
    /// The environment was removed, or the platform stops.
    struct Closed: Error {}

    nonisolated let id: EnvironmentID
    nonisolated let port: Int
    private let proxy: EnvironmentProxy
    private(set) var isOpen = false
    private var isClosed = false
    private(set) var release: RunningRelease?
    private(set) var problem: String?
    /// Whether the release that serves is being started again.
    private(set) var isAway = false

    init(_ record: EnvironmentRecord, proxy: EnvironmentProxy) {
        self.id = record.id
        self.port = record.port
        self.proxy = proxy
    }

    /// Whether a release that was live before is still missed here: none serves, and the environment was not closed.
    var missesRelease: Bool { release == nil && !isClosed }

    /// Listens on the environment's port; once is enough.
    ///
    /// - Throws: `Closed`, or the proxy's error when another program has the port.
    func open() async throws {
        if isClosed { throw Closed() }
        if isOpen { return }
        do {
            try await proxy.start()
        } catch {
            problem = "port \(port) is taken by another program"
            throw error
        }
        if isClosed {
            await proxy.stop()
            throw Closed()
        }
        isOpen = true
        problem = nil
    }

    /// Sends new connections to `next`; the release that served until now is handed back to be drained.
    ///
    /// An environment that was closed meanwhile stops the release at once.
    func switchTo(_ next: RunningRelease) async -> RunningRelease? {
        if isClosed {
            await next.stop()
            return nil
        }
        let old = release
        release = next
        isAway = false
        let port = await next.port
        proxy.route(to: next.hasWeb ? port : nil)
        return old
    }

    /// Lets a release serve that was live before, unless a newer one does, or the environment was closed.
    ///
    /// - Returns: false when the release is not wanted.
    func restore(_ earlier: RunningRelease) async -> Bool {
        let port = await earlier.port
        guard missesRelease else { return false }
        release = earlier
        proxy.route(to: earlier.hasWeb ? port : nil)
        return true
    }

    /// Follows a restarted `web` to its new port, if its release still is the one that serves; with nil, new connections
    /// wait until it is back.
    func follow(_ moved: RunningRelease, to port: Int?) {
        guard release === moved else { return }
        isAway = port == nil
        proxy.route(to: port)
    }

    /// Waits until the old release has no connection left, for its grace period at most.
    func drain(_ old: RunningRelease) async {
        await proxy.drain(backend: await old.port, limit: .seconds(old.plan.settings.graceSeconds))
    }

    /// Stops answering, for good: the port is free and every connection closed when this returns. The release runs on.
    func shut() async {
        isClosed = true
        isOpen = false
        proxy.route(to: nil)
        await proxy.stop()
    }

    /// Stops answering and stops the release.
    func close() async {
        isClosed = true
        proxy.route(to: nil)
        await release?.stop()
        await shut()
    }
}
