import Deployers
import Foundation
import GitCore
import PlatformAPI
import ProcessRunner
import RemoteHelper
import Testing

@testable import PushPipeline

/// How ssh is started.
struct SSHProgramTests {
    private let address = SSHAddress("ssh://git@h:2222/a.git")!

    @Test("Options are those that the variant knows")
    func options() {
        let v2 = ["GIT_PROTOCOL": "version=2"]
        #expect(
            SSHProgram.options(.ssh, address, .ipv4, v2) == ["-o", "SendEnv=GIT_PROTOCOL", "-4", "-p", "2222"])
        #expect(SSHProgram.options(.ssh, address, .all, ["GIT_PROTOCOL": "version=0"]) == ["-p", "2222"])
        #expect(SSHProgram.options(.plink, address, .ipv6, v2) == ["-6", "-P", "2222"])
        #expect(SSHProgram.options(.tortoiseplink, address, .all, v2) == ["-batch", "-P", "2222"])
    }

    @Test("The program is the one that git would take, in the same order")
    func choice() async throws {
        let folder = NSTemporaryDirectory() + "bim-ssh-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        for name in ["refs", "objects"] {
            try FileManager.default.createDirectory(
                atPath: "\(folder)/.git/\(name)", withIntermediateDirectories: true)
        }
        try Data("ref: refs/heads/main\n".utf8).write(to: URL(fileURLWithPath: folder + "/.git/HEAD"))
        func command(_ variables: [String: String], _ configuration: String = "") async throws -> Command {
            try Data("[core]\nrepositoryformatversion = 0\n\(configuration)\n".utf8)
                .write(to: URL(fileURLWithPath: folder + "/.git/config"))
            let environment = ["HOME": folder, "GIT_CONFIG_NOSYSTEM": "1", "PATH": "/usr/bin:/bin"]
                .merging(variables) { $1 }
            return try await SSHProgram(RepositoryLocation(environment: environment, folder: folder)).command(
                to: address, running: "git-upload-pack 'a'", family: .all, environment: environment)
        }
        let plain = try await command([:])
        #expect(plain.executable == "ssh" && plain.keepsTerminal)
        #expect(plain.arguments == ["-p", "2222", "git@h", "git-upload-pack 'a'"])
        let named = try await command(["GIT_SSH": "/opt/plink"])
        #expect(named.executable == "/opt/plink" && named.arguments.first == "-P")
        let configured = try await command(["GIT_SSH": "/opt/plink"], "sshCommand = ssh -F x")
        #expect(configured.executable == "/bin/sh" && configured.arguments[1] == "ssh -F x \"$@\"")
        let wished = try await command(["GIT_SSH_COMMAND": "/opt/mine -v", "GIT_SSH_VARIANT": "ssh"], "sshCommand = x")
        #expect(wished.arguments[1] == "/opt/mine -v \"$@\"" && wished.arguments.contains("-p"))
        await #expect(throws: (any Error).self) { try await command(["GIT_SSH": "/bin/false"]) }
    }
}

/// The app behind a git address.
struct GitAddressTests {
    @Test(
        "An app is called as the address ends",
        arguments: [
            ("git@h:acme/api.git", "acme/api"), ("git@h:api.git", "git/api"), ("ssh://h/srv/git/acme/api", "acme/api"),
            ("/srv/git/My_Team/Api.git", "my-team/api"), ("h:api", "git/api"),
        ])
    func app(_ address: String, _ name: String) {
        #expect(DeployTarget.app(at: address).description == name)
    }
}
