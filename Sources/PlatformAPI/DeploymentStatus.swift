/// Where a deployment stands: `queued → pulling → starting → healthy`, or one of the other ends.
package enum DeploymentStatus: String, Codable, Sendable, CaseIterable {
    case queued, pulling, starting, healthy, failed, canceled, superseded
    case rolledBack = "rolled_back"

    /// Whether nothing can follow.
    package var isFinal: Bool {
        switch self {
        case .queued, .pulling, .starting: false
        case .healthy, .failed, .canceled, .superseded, .rolledBack: true
        }
    }

    /// Whether the status machine allows `next` after this one.
    package func canBecome(_ next: DeploymentStatus) -> Bool {
        switch (self, next) {
        case (.queued, .pulling), (.pulling, .starting), (.starting, .healthy), (.healthy, .rolledBack): true
        case (.queued, .failed), (.pulling, .failed), (.starting, .failed): true
        case (.queued, .canceled), (.pulling, .canceled), (.starting, .canceled): true
        case (.queued, .superseded), (.pulling, .superseded), (.starting, .superseded): true
        default: false
        }
    }
}

/// What a deployment is doing within its status; more may come, so readers keep unknown ones as text.
package enum DeploymentPhase: String, Codable, Sendable {
    case pulling, releasing, starting, checking, switching
    /// The other side has everything and does not tell what it makes of it; its ref has moved.
    case handedOver = "handed_over"
}
