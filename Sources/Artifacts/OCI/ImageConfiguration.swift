/// Says how an image is run and what its layers are before compression (OCI image-spec, config.md).
///
/// Unknown fields are ignored when reading and therefore lost when writing.
package struct ImageConfiguration: Codable, Hashable, Sendable {
    /// When the image was made, as RFC 3339 text.
    package var created: String?
    package var author: String?
    package var architecture: String
    package var os: String
    package var variant: String?
    package var config: Execution?
    package var rootfs: RootFileSystem
    /// One entry per layer, and those that made none marked as such.
    package var history: [History]

    package init(
        created: String? = nil, author: String? = nil, platform: Platform, config: Execution? = nil,
        diffIDs: [Digest], history: [History] = []
    ) {
        self.created = created
        self.author = author
        architecture = platform.architecture
        os = platform.os
        variant = platform.variant
        self.config = config
        rootfs = RootFileSystem(diffIDs: diffIDs)
        self.history = history
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        created = try container.decodeIfPresent(String.self, forKey: .created)
        author = try container.decodeIfPresent(String.self, forKey: .author)
        architecture = try container.decode(String.self, forKey: .architecture)
        os = try container.decode(String.self, forKey: .os)
        variant = try container.decodeIfPresent(String.self, forKey: .variant)
        config = try container.decodeIfPresent(Execution.self, forKey: .config)
        rootfs = try container.decode(RootFileSystem.self, forKey: .rootfs)
        history = try container.decodeIfPresent([History].self, forKey: .history) ?? []
    }
}

extension ImageConfiguration {
    /// Holds what a runtime needs to start the image's process.
    package struct Execution: Codable, Hashable, Sendable {
        package var user: String?
        /// Keys such as `8080/tcp`.
        package var exposedPorts: [String: EmptyObject]?
        /// `NAME=value`, in order.
        package var environment: [String]?
        package var entrypoint: [String]?
        package var command: [String]?
        package var volumes: [String: EmptyObject]?
        package var workingDirectory: String?
        package var labels: [String: String]?
        package var stopSignal: String?

        package init() {}

        private enum CodingKeys: String, CodingKey {
            case user = "User"
            case exposedPorts = "ExposedPorts"
            case environment = "Env"
            case entrypoint = "Entrypoint"
            case command = "Cmd"
            case volumes = "Volumes"
            case workingDirectory = "WorkingDir"
            case labels = "Labels"
            case stopSignal = "StopSignal"
        }
    }

    /// Lists the diff ids of the layers, the lowest first.
    package struct RootFileSystem: Codable, Hashable, Sendable {
        package var type: String
        package var diffIDs: [Digest]

        package init(diffIDs: [Digest]) {
            type = "layers"
            self.diffIDs = diffIDs
        }

        package init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            type = try container.decode(String.self, forKey: .type)
            diffIDs = try container.decodeIfPresent([Digest].self, forKey: .diffIDs) ?? []
        }

        private enum CodingKeys: String, CodingKey {
            case type
            case diffIDs = "diff_ids"
        }
    }

    /// Tells how one layer came to be.
    package struct History: Codable, Hashable, Sendable {
        /// RFC 3339 text.
        package var created: String?
        package var createdBy: String?
        package var author: String?
        package var comment: String?
        /// True when this step made no layer.
        package var emptyLayer: Bool?

        package init(created: String? = nil, createdBy: String? = nil, emptyLayer: Bool? = nil) {
            self.created = created
            self.createdBy = createdBy
            self.emptyLayer = emptyLayer
        }

        private enum CodingKeys: String, CodingKey {
            case created
            case createdBy = "created_by"
            case author
            case comment
            case emptyLayer = "empty_layer"
        }
    }

    /// Stands for `{}`, the value that OCI gives to the keys of a set.
    package struct EmptyObject: Codable, Hashable, Sendable {
        package init() {}
    }
}
