import Synchronization

/// Where new connections go, and which connections exist.
final class RouteTable: Sendable {
    private struct State {
        var backend: Int?
        var connections: [ObjectIdentifier: (connection: SplicedConnection, backend: Int)] = [:]
    }

    private let state = Mutex(State())

    func route(to port: Int?) {
        state.withLock { $0.backend = port }
    }

    /// Returns the port for a connection and counts it there in one step, so that draining overlooks none.
    func enter(_ connection: SplicedConnection) -> Int? {
        state.withLock { state in
            guard let backend = state.backend else { return nil }
            state.connections[ObjectIdentifier(connection)] = (connection, backend)
            return backend
        }
    }

    func leave(_ connection: SplicedConnection) {
        state.withLock { state in state.connections[ObjectIdentifier(connection)] = nil }
    }

    /// Returns the connections to one port, or all.
    func connections(to port: Int? = nil) -> [SplicedConnection] {
        state.withLock { state in
            state.connections.values.filter { port == nil || $0.backend == port }.map(\.connection)
        }
    }
}
