import Artifacts

/// A tar archive by Python's tarfile, which also writes what no honest program would.
struct ForeignArchive {
    struct Entry: Encodable {
        var name: String
        /// tarfile's type: `0` file, `1` hard link, `2` symbolic link, `3` character device, `5` directory, `6` pipe.
        var type = "0"
        var link = ""
        var data = ""
        var mode = 0o644

        static func file(_ name: String, _ data: String, mode: Int = 0o644) -> Entry {
            Entry(name: name, data: data, mode: mode)
        }
        static func directory(_ name: String, mode: Int = 0o755) -> Entry { Entry(name: name, type: "5", mode: mode) }
        static func symlink(_ name: String, to link: String) -> Entry { Entry(name: name, type: "2", link: link) }
        static func hardLink(_ name: String, to link: String) -> Entry { Entry(name: name, type: "1", link: link) }
        static func device(_ name: String) -> Entry { Entry(name: name, type: "3") }
        static func pipe(_ name: String) -> Entry { Entry(name: name, type: "6") }
    }

    private static let script = """
        import io, json, os, sys, tarfile
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as tar:
            for entry in json.load(sys.stdin):
                info = tarfile.TarInfo(entry["name"])
                info.type = entry["type"].encode()
                info.linkname = entry["link"]
                info.mode = entry["mode"]
                # A file that gives its owner's rights away is one's own, since a stranger's never could.
                own = entry["mode"] & 0o6000
                info.uid, info.gid = (os.getuid(), os.getgid()) if own else (12345, 12345)
                info.mtime = 1000000000
                data = entry["data"].encode()
                info.size = len(data)
                tar.addfile(info, io.BytesIO(data))
        sys.stdout.buffer.write(out.getvalue())
        """

    let tar: [UInt8]

    init(_ entries: [Entry]) throws {
        tar = try Tool.run(["python3", "-c", Self.script], input: CanonicalJSON.encode(entries))
    }

    /// The archive as a layer in a file, compressed by a program that reads and writes its standard streams.
    func layer(
        _ name: String, in folder: borrowing TemporaryFolder, compressed command: [String]? = ["gzip", "-n"]
    ) throws -> LayerUnpacker.Layer {
        let content = try command.map { try Tool.run($0, input: tar) } ?? tar
        return LayerUnpacker.Layer(
            file: try folder.write(content, to: name),
            descriptor: Descriptor(mediaType: MediaType.layerGzip, content: content),
            diffID: .sha256(of: tar))
    }
}
