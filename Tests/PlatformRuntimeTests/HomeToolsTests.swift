import Glibc
@testable import Platform
import Sandboxes
import Testing

@Suite struct HomeToolsTests {
    private let image: Image
    private var home: String { image.root + "/home" }

    init() throws {
        image = try Image()
    }

    private func makeFolder(_ folder: String) {
        var path = image.root
        for part in folder.split(separator: "/") {
            path += "/\(part)"
            mkdir(path, 0o755)
        }
    }

    private func install(_ name: String, in folder: String) throws {
        makeFolder(folder)
        try image.write("#!/bin/sh\necho lent \(name)", to: "\(folder)/\(name)", mode: 0o755)
    }

    @Test("Of a project in the home its bin is lent, never what lies beside it")
    func project() async throws {
        try install("bundle", in: "home/project/bin")
        try image.write("SECRET=1", to: "home/project/.env", mode: 0o644)
        let tools = HostTools.find(path: home + "/project/bin", home: home, hidden: [])
        #expect(tools.folders == [home + "/project/bin"])

        let runtime = SandboxRuntime(environment: ["PATH": "/usr/bin:\(home)/project/bin", "HOME": home], hidden: [])
        let (exit, output) = try await runtime.run(
            image.shell("bundle && cat \(home)/project/.env 2>/dev/null || exit 9"))
        #expect(output == ["lent bundle"])
        #expect(exit == .exited(9))
    }

    @Test("cargo is no tool that apps need, and its credentials are not lent")
    func cargo() throws {
        try install("cargo", in: "home/.cargo/bin")
        #expect(HostTools.find(path: home + "/.cargo/bin", home: home, hidden: []) == HostTools())
    }

    @Test(
        "A version manager's toolchain is lent whole",
        arguments: [
            ".nvm/versions/node/v20.1.0", ".pyenv/versions/3.12.1", ".asdf/installs/nodejs/20.1.0",
            ".local/share/mise/installs/node/20", ".local/share/swiftly/toolchains/6.2.0/usr",
        ])
    func toolchain(root: String) throws {
        try install("node", in: "home/\(root)/bin")
        let tools = HostTools.find(path: "\(home)/\(root)/bin", home: home, hidden: [])
        #expect(tools.folders == ["\(home)/\(root)"])
    }

    @Test("A toolchain behind a link in the home is lent, and what looks like one elsewhere in the home is not")
    func links() throws {
        try install("node", in: "home/.nvm/versions/node/v20/bin")
        try install("ruby", in: "home/code/.rbenv/versions/3/bin")
        makeFolder("home/bin")
        #expect(symlink(home + "/.nvm/versions/node/v20/bin/node", home + "/bin/node") == 0)
        let tools = HostTools.find(
            path: "\(home)/bin:\(home)/code/.rbenv/versions/3/bin", home: home, hidden: [])
        #expect(
            tools.folders == [
                home + "/bin", home + "/.nvm/versions/node/v20", home + "/code/.rbenv/versions/3/bin",
            ])
    }

    @Test("A link from outside opens no folder of the home")
    func linkFromOutside() throws {
        try install("bundle", in: "home/project/bin")
        makeFolder("opt")
        #expect(symlink(home + "/project", image.root + "/opt/project") == 0)
        let tools = HostTools.find(path: image.root + "/opt/project/bin", home: home, hidden: [])
        #expect(Set(tools.folders).isSubset(of: [image.root + "/opt/project/bin", home + "/project/bin"]))
        #expect(!tools.folders.isEmpty)
    }
}
