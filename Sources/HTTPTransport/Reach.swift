internal import AsyncHTTPClient
internal import NIOCore

/// Which machines a client connects to.
package enum Reach: Sendable, Hashable {
    case anywhere
    /// Public addresses, and wherever these hosts lead, which are named as in a URL, with or without their port.
    ///
    /// The address of the connection itself is judged, not the name, so that no name server can lead elsewhere.
    case publicAddresses(besides: Set<String>)

    /// Whether a connection for this URL may lead to any address.
    package func isFree(_ url: String) -> Bool {
        guard case .publicAddresses(let hosts) = self else { return true }
        guard let begin = url.firstRange(of: "://")?.upperBound else { return false }
        let authority = url[begin...].prefix { !"/?#".contains($0) }.lowercased()
        let host = authority.last == "]" ? authority : String(authority.prefix(upTo: Self.portMark(in: authority)))
        return hosts.contains(authority) || hosts.contains(host)
    }

    private static func portMark(in authority: String) -> String.Index {
        guard let colon = authority.lastIndex(of: ":"), !authority[colon...].contains("]") else {
            return authority.endIndex
        }
        return colon
    }
}

/// A connection leads to an address that its client does not go to.
struct ReachExceeded: Error, CustomStringConvertible {
    var description: String { "it has an address of a private network" }

    /// Ends connections to private addresses before anything is sent on them.
    static func guardConnection(_ channel: any Channel) -> EventLoopFuture<Void> {
        guard PrivateAddress.contains(channel.remoteAddress) else { return channel.eventLoop.makeSucceededVoidFuture() }
        // After the client has heard of the failure: it must not take the end for another one.
        channel.eventLoop.execute { channel.close(promise: nil) }
        return channel.eventLoop.makeFailedFuture(ReachExceeded())
    }
}
