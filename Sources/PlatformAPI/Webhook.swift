package import Diagnostics

/// The body of `PUT …/environments/{env}/webhook`.
package struct WebhookRequest: Codable, Sendable, Equatable {
    package var url: String
    /// What signs the messages; `whsec_` with base64 stands for the bytes, anything else for itself.
    package var secret: String

    package init(url: String, secret: String) {
        self.url = url
        self.secret = secret
    }
}

/// The webhook of an environment as the API shows it, without its secret.
package struct Webhook: Codable, Sendable, Equatable {
    /// What became of a message.
    package struct Delivery: Codable, Sendable, Equatable {
        /// The header `webhook-id`.
        package var id: String
        package var deployment: String
        package var time: String
        /// False when it was given up.
        package var delivered: Bool
        package var attempts: Int
        /// The status of the last answer, or why there was none.
        package var outcome: String

        package init(
            id: String, deployment: String, time: String, delivered: Bool, attempts: Int, outcome: String
        ) {
            self.id = id
            self.deployment = deployment
            self.time = time
            self.delivered = delivered
            self.attempts = attempts
            self.outcome = outcome
        }
    }

    package var url: String
    package var updatedAt: String
    /// The last message that is over; nil as long as there was none.
    package var last: Delivery?

    package init(url: String, updatedAt: String, last: Delivery?) {
        self.url = url
        self.updatedAt = updatedAt
        self.last = last
    }

    enum CodingKeys: String, CodingKey {
        case url, last
        case updatedAt = "updated_at"
    }
}

/// What a webhook is told: the `end` event of a deployment, with what it was about.
package struct WebhookMessage: Codable, Sendable, Equatable {
    package var type: DeploymentEvent.Kind
    package var time: String
    package var message: String
    package var app: String
    package var environment: String
    package var deployment: String
    package var status: DeploymentStatus
    package var release: Int?
    package var ref: String
    package var commit: String
    package var url: String?
    /// Why it is not live.
    package var code: ErrorCode?

    package init(_ deployment: Deployment, message: String, time: String) {
        type = .end
        self.time = time
        self.message = message
        app = deployment.app
        environment = deployment.environment
        self.deployment = deployment.id
        status = deployment.status
        release = deployment.release
        ref = deployment.ref
        commit = deployment.commit
        url = deployment.url
        code = deployment.failure?.code
    }
}
