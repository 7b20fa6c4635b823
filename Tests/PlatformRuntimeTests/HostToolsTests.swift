import Glibc
@testable import Platform
import Sandboxes
import Testing

@Suite(.timeLimit(patience)) struct HostToolsTests {
    private let image: Image

    init() throws {
        image = try Image()
    }

    private func install(_ name: String, in folder: String) throws {
        var path = image.root
        for part in folder.split(separator: "/") {
            path += "/\(part)"
            mkdir(path, 0o755)
        }
        try image.write("#!/bin/sh\necho lent \(name)", to: "\(folder)/\(name)", mode: 0o755)
    }

    @Test("An installation's root is lent, and that of the file behind a link")
    func installation() throws {
        try install("node", in: "opt/node-20/bin")
        try install("go", in: "opt/go/bin")
        mkdir(image.root + "/links", 0o755)
        mkdir(image.root + "/links/bin", 0o755)
        #expect(symlink(image.root + "/opt/node-20/bin/node", image.root + "/links/bin/node") == 0)
        let tools = HostTools.find(
            path: "\(image.root)/links/bin:/usr/bin:\(image.root)/opt/go/bin", home: image.root + "/home", hidden: [])
        #expect(tools.folders == [image.root + "/links", image.root + "/opt/node-20", image.root + "/opt/go"])
        #expect(tools.path == [image.root + "/links/bin", image.root + "/opt/go/bin"])
    }

    @Test("Neither a home, nor what contains it, nor what contains the platform's data is lent")
    func forbidden() throws {
        try install("node", in: "home")
        try install("go", in: "bin")
        try install("ruby", in: "srv/bin")
        let tools = HostTools.find(
            path: "\(image.root)/home:\(image.root)/bin:\(image.root)/srv/bin",
            home: image.root + "/home", hidden: [image.root + "/srv/data"])
        #expect(tools == HostTools())
    }

    @Test("Of ~/.local its programs are lent and nothing else")
    func local() throws {
        try install("node", in: "home/.local/bin")
        let tools = HostTools.find(path: image.root + "/home/.local/bin", home: image.root + "/home", hidden: [])
        #expect(tools.folders == [image.root + "/home/.local/bin"])
    }

    @Test("A lent tool runs inside and cannot be changed")
    func inside() async throws {
        try install("node", in: "opt/node/bin")
        let runtime = SandboxRuntime(
            environment: ["PATH": "/usr/bin:\(image.root)/opt/node/bin", "HOME": "/root"], hidden: [])
        let (exit, output) = try await runtime.run(image.shell("node; touch \(image.root)/opt/node/x"))
        #expect(exit == .exited(1))
        #expect(output.first == "lent node")
    }
}
