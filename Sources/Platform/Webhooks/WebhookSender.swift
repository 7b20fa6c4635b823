internal import Diagnostics
internal import FoundationEssentials
internal import HTTPTransport
internal import Logging
internal import PlatformAPI

/// Tells the webhooks of environments how deployments ended, beside all other work.
///
/// A message stands in the ledger from the transaction on that ends its deployment until it has arrived or is given up, so
/// that one under way when the platform ends is sent again by the next process, under the same id.
struct WebhookSender: Sendable {
    /// Eight tries within about ten minutes.
    static let patience = RetryPolicy(attempts: 8, firstDelay: .seconds(5), longestDelay: .seconds(300))
    private static let deadline = Duration.seconds(10)

    let ledger: Ledger
    let reach: Reach
    let logger: Logger
    var retry = patience

    /// Sends what waits, and at each signal what has come; ends with the signals, or with its task.
    func run(at signals: AsyncStream<Void>) async {
        await withDiscardingTaskGroup { group in
            var last: Int64 = 0
            for message in await waiting(after: &last) { group.addTask { await deliver(message) } }
            for await _ in signals {
                for message in await waiting(after: &last) { group.addTask { await deliver(message) } }
            }
            group.cancelAll()
        }
    }

    private func waiting(after last: inout Int64) async -> [WaitingMessage] {
        do {
            let messages = try await ledger.waitingMessages(after: last)
            last = messages.last?.number ?? last
            return messages
        } catch {
            logger.error("what webhooks are to be told cannot be read: \(error)")
            return []
        }
    }

    /// How a try went.
    private struct Try {
        var isDelivered = false
        var mayComeLater = true
        var outcome: String
        var retryAfter: Int?
    }

    private func deliver(_ message: WaitingMessage) async {
        do {
            var attempt = 1
            while true {
                // Who has changed or removed the webhook meanwhile means this message, too.
                guard let target = try await ledger.webhookTarget(of: message.environment) else { return }
                let result = try await send(message, to: target)
                if result.isDelivered || !result.mayComeLater || attempt >= retry.attempts {
                    return try await end(message, result, attempts: attempt)
                }
                try await Task.sleep(for: retry.delay(after: attempt, asked: result.retryAfter))
                attempt += 1
            }
        } catch is CancellationError {
            // The next process sends it.
        } catch {
            logger.error("\(message.environment): the webhook's message of \(message.deployment) waits: \(error)")
        }
    }

    private func end(_ message: WaitingMessage, _ result: Try, attempts: Int) async throws {
        try await ledger.endMessage(
            message,
            Webhook.Delivery(
                id: message.id, deployment: message.deployment, time: Timestamp.now(), delivered: result.isDelivered,
                attempts: attempts, outcome: result.outcome))
        guard !result.isDelivered else { return }
        logger.warning(
            "\(message.environment): the webhook was not told of \(message.deployment), given up at try \(attempts): \(result.outcome)"
        )
    }

    private func send(_ message: WaitingMessage, to target: WebhookTarget) async throws -> Try {
        guard let key = WebhookKey(target.secret) else {
            return Try(mayComeLater: false, outcome: "its secret is no key")
        }
        let timestamp = Int(Date().timeIntervalSince1970)
        let exchange = Exchange(
            "POST", target.url,
            headers: [
                ("Content-Type", "application/json"), ("User-Agent", "bim-platform/\(Diagnostics.version)"),
                ("webhook-id", message.id), ("webhook-timestamp", "\(timestamp)"),
                ("webhook-signature", key.signature(id: message.id, timestamp: timestamp, body: message.body)),
            ], body: .bytes(message.body), deadline: Self.deadline)
        do {
            let reply = try await HTTPTransport(reach: reach).send(exchange, retry: .never)
            let status = "status \(reply.status)"
            return switch reply.status {
            case 200...299: Try(isDelivered: true, outcome: status)
            case 300...399: Try(outcome: "\(status), and redirects are not followed")
            // It says that it wants no more.
            case 410: Try(mayComeLater: false, outcome: status)
            default: Try(outcome: status, retryAfter: reply.retryAfter)
            }
        } catch let error as TransportError {
            return Try(mayComeLater: error.kind != .privateAddress, outcome: Self.reason(error.kind))
        }
    }

    /// Why there was no answer; neither the URL, which may be a secret, nor what a library says of it.
    private static func reason(_ kind: TransportError.Kind) -> String {
        switch kind {
        case .timedOut: "no answer within \(deadline.components.seconds) s"
        case .unknownHost: "its host is not known"
        case .untrusted: "its certificate is not trusted"
        case .privateAddress: "its host has an address of a private network"
        case .answerTooLarge: "its answer is too large"
        case .unreachable, .unreadableFile, .proxyRefused: "it cannot be reached"
        }
    }
}
