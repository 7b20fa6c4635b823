package import Artifacts

extension RegistryClient {
    /// The blobs that the repository does not have; nothing is written there.
    ///
    /// - Throws: `RegistryError`.
    package func missing(of blobs: [Descriptor]) async throws -> [Descriptor] {
        let upload = BlobUpload(session, sources: [], policy: policy)
        return try await withThrowingTaskGroup(of: Descriptor?.self) { group in
            var rest = blobs[...]
            var missing: [Descriptor] = []
            for _ in 0..<upload.lanes {
                if let blob = rest.popFirst() {
                    group.addTask { try await upload.contains(blob.digest) ? nil : blob }
                }
            }
            while let answer = try await group.next() {
                if let answer { missing.append(answer) }
                if let blob = rest.popFirst() {
                    group.addTask { try await upload.contains(blob.digest) ? nil : blob }
                }
            }
            return missing
        }
    }
}
