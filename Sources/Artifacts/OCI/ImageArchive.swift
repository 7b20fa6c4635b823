internal import CArchive
internal import Glibc

/// An image in a tar archive, as other tools hand it over: an OCI layout, or what `docker save` writes.
package struct ImageArchive: Sendable {
    /// A layer as it lies in the archive; its compression is for who reads it to find out.
    package let layers: [String]
    package let configuration: ImageConfiguration

    /// Why an archive is no image.
    package struct Unusable: Error, Sendable, CustomStringConvertible {
        package let description: String
    }

    /// The largest JSON that is read, in bytes.
    private static let documentLimit: Int64 = 16 << 20

    /// Unpacks an archive into an empty folder, which is to live as long as the layers are needed.
    ///
    /// - Parameter platform: chooses among the images of an archive that holds several.
    /// - Throws: ``Unusable``, ``UnpackError`` for a damaged archive, ``SystemError``.
    package init(_ file: String, unpackedTo folder: String, platform: Platform) throws {
        let members = try Members(file, unpackedTo: folder)
        if members.files["index.json"] != nil {
            self = try Self.layout(members, platform)
        } else if members.files["manifest.json"] != nil {
            self = try Self.dockerArchive(members)
        } else {
            throw Unusable(description: "it is neither an OCI layout nor a docker archive")
        }
        guard layers.count == configuration.rootfs.diffIDs.count else {
            throw Unusable(
                description: "its configuration lists \(configuration.rootfs.diffIDs.count) layers of \(layers.count)")
        }
    }

    private init(layers: [String], configuration: ImageConfiguration) {
        self.layers = layers
        self.configuration = configuration
    }

    private static func layout(_ members: Members, _ platform: Platform) throws -> ImageArchive {
        var index = try members.document(ImageIndex.self, "index.json")
        // An index may lead to another one, and no further.
        for _ in 0..<2 {
            let images = index.manifests.filter { $0.platform?.os != "unknown" }
            guard let chosen = index.manifest(for: platform) ?? images.first else { break }
            if MediaType.isIndex(chosen.mediaType) {
                index = try members.document(ImageIndex.self, of: chosen.digest)
                continue
            }
            let manifest = try members.document(ImageManifest.self, of: chosen.digest)
            return ImageArchive(
                layers: try manifest.layers.map { try members.blob($0.digest) },
                configuration: try members.document(ImageConfiguration.self, of: manifest.config.digest))
        }
        throw Unusable(description: "its index names no image")
    }

    private static func dockerArchive(_ members: Members) throws -> ImageArchive {
        struct Image: Decodable {
            let Config: String
            let Layers: [String]
        }
        let images = try members.document([Image].self, "manifest.json")
        guard let image = images.first else { throw Unusable(description: "its manifest names no image") }
        return ImageArchive(
            layers: try image.Layers.map { try members.path($0) },
            configuration: try members.document(ImageConfiguration.self, image.Config))
    }

    /// The archive's files, unpacked under names of our own.
    private struct Members {
        var files: [String: (path: String, digest: Digest, size: Int64)] = [:]
        private var links: [String: String] = [:]

        init(_ file: String, unpackedTo folder: String) throws {
            let reader = try ArchiveReader.open(file: file) { archive_read_support_format_tar($0) }
            while let entry = try reader.next() {
                try Task.checkCancellation()
                guard let name = archive_entry_pathname(entry).map({ Self.clean(String(cString: $0)) }) else {
                    continue
                }
                if let target = archive_entry_hardlink(entry) {
                    links[name] = Self.clean(String(cString: target))
                } else if let target = archive_entry_symlink(entry) {
                    let parent = name.split(separator: "/").dropLast().joined(separator: "/")
                    links[name] = Self.clean(parent + "/" + String(cString: target))
                } else if archive_entry_filetype(entry) == S_IFREG {
                    files[name] = try Self.unpack(reader, to: "\(folder)/member-\(files.count)")
                }
            }
        }

        private static func unpack(
            _ reader: borrowing ArchiveReader, to path: String
        ) throws -> (path: String, digest: Digest, size: Int64) {
            let descriptor = try SystemError.check("open", Array(path.utf8)) {
                open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
            }
            defer { close(descriptor) }
            var hash = DigestWriter()
            var size: Int64 = 0
            while let block = try reader.nextBlock() {
                hash.update(block.bytes)
                size += Int64(block.bytes.count)
                try SystemError.writeAll(block.bytes, to: descriptor)
            }
            return (path, hash.finalize(), size)
        }

        private static func clean(_ path: String) -> String {
            var names: [Substring] = []
            for name in path.split(separator: "/") where name != "." {
                if name == ".." { _ = names.popLast() } else { names.append(name) }
            }
            return names.joined(separator: "/")
        }

        func path(_ name: String) throws -> String {
            guard let file = files[name] ?? links[name].flatMap({ files[$0] }) else {
                throw Unusable(description: "it lacks '\(name)'")
            }
            return file.path
        }

        func blob(_ digest: Digest) throws -> String {
            let path = try path("blobs/sha256/\(digest.hex)")
            guard files["blobs/sha256/\(digest.hex)"]?.digest == digest else {
                throw Unusable(description: "its blob \(digest) is damaged")
            }
            return path
        }

        func document<Value: Decodable>(_ type: Value.Type, of digest: Digest) throws -> Value {
            _ = try blob(digest)
            return try document(type, "blobs/sha256/\(digest.hex)")
        }

        func document<Value: Decodable>(_ type: Value.Type, _ name: String) throws -> Value {
            let path = try path(name)
            var bytes: [UInt8] = []
            let reader = try ArchiveReader.open(file: path) { archive_read_support_format_raw($0) }
            guard try reader.next() != nil else { throw Unusable(description: "its '\(name)' is empty") }
            while let block = try reader.nextBlock(), bytes.count < ImageArchive.documentLimit { bytes += block.bytes }
            do { return try CanonicalJSON.decode(type, from: bytes) } catch {
                throw Unusable(description: "its '\(name)' cannot be read")
            }
        }
    }
}
