internal import Artifacts
internal import PlatformAPI

/// Cuts a stream of JSON lines into deployment events; knows where to resume and how it ended.
struct EventReader {
    private var pending: [UInt8] = []
    /// The id of the last event; sent as `Last-Event-ID` when the stream is opened again.
    private(set) var lastID = 0
    /// The deployment as it ended, once the end event has come.
    private(set) var end: Deployment?

    /// The events that this piece completes; blank lines are signs of life, and a line that is no event is passed over.
    mutating func receive(_ chunk: [UInt8]) -> [DeploymentEvent] {
        pending += chunk
        var events: [DeploymentEvent] = []
        while let newline = pending.firstIndex(of: UInt8(ascii: "\n")) {
            let line = Array(pending[..<newline])
            pending.removeSubrange(...newline)
            guard !line.isEmpty, let event = try? CanonicalJSON.decode(DeploymentEvent.self, from: line),
                event.id > lastID
            else { continue }
            lastID = event.id
            if let deployment = event.deployment { end = deployment }
            events.append(event)
        }
        return events
    }

    /// A stream that broke off leaves half a line, which comes again whole.
    mutating func reset() { pending = [] }
}
