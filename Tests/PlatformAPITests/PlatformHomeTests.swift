import Diagnostics
import Foundation
import PlatformAPI
import Testing

struct PlatformHomeTests {
    @Test(
        "the XDG variables say where, and HOME where they do not",
        arguments: [
            (["HOME": "/home/ada"], "/home/ada/.local/share", "/home/ada/.local/state"),
            (["HOME": "/home/ada", "XDG_DATA_HOME": "/d"], "/d", "/home/ada/.local/state"),
            (["HOME": "/home/ada", "XDG_STATE_HOME": "/s"], "/home/ada/.local/share", "/s"),
            (["XDG_DATA_HOME": "/d", "XDG_STATE_HOME": "/s"], "/d", "/s"),
            // The specification: a path that is relative is to be ignored.
            (["HOME": "/h", "XDG_DATA_HOME": "d", "XDG_STATE_HOME": ""], "/h/.local/share", "/h/.local/state"),
        ])
    func places(environment: [String: String], data: String, state: String) throws {
        let home = try PlatformHome(environment: environment)
        #expect(home.folder == "\(data)/bim/platform")
        #expect(home.logFile == "\(state)/bim/platform.log")
    }

    @Test(
        "without HOME and the variables there is no place",
        arguments: [[:], ["HOME": ""], ["HOME": "ada"], ["XDG_DATA_HOME": "/d"], ["XDG_STATE_HOME": "/s"]])
    func noPlace(environment: [String: String]) throws {
        let error = try #require(throws: UserError.self) { try PlatformHome(environment: environment) }
        #expect(error.code == .platformUnavailable)
        #expect(error.message == "'HOME' is not set, so the embedded platform has no place for its data")
    }

    @Test("everything lies in the one folder")
    func files() {
        let home = PlatformHome(folder: "/p", logFile: "/l")
        let files = [
            home.tokenFile, home.endpointFile, home.lockFile, home.ledgerFile, home.repositories, home.registry,
            home.releases, home.logs,
        ]
        #expect(files.allSatisfy { $0.hasPrefix("/p/") })
        #expect(Set(files).count == files.count)
    }

    @Test("the endpoint is what the platform wrote, or nothing")
    func endpoint() throws {
        let folder = try PlatformFolder()
        #expect(folder.home.endpoint() == nil)
        try folder.write(#"{"pid":42,"host":"127.0.0.1","port":8080}"#, to: folder.home.endpointFile)
        let endpoint = try #require(folder.home.endpoint())
        #expect(endpoint == .init(processID: 42, host: "127.0.0.1", port: 8080))
        #expect(endpoint.url == "http://127.0.0.1:8080")
        try Wire.expect(endpoint, is: #"{"host":"127.0.0.1","pid":42,"port":8080}"#)
        for damaged in ["", "{", #"{"pid":42}"#, #"{"pid":"42","host":"h","port":1}"#] {
            try folder.write(damaged, to: folder.home.endpointFile)
            #expect(folder.home.endpoint() == nil, "\(damaged)")
        }
    }

    @Test("the token is the file's text without white space; an empty file holds none")
    func token() throws {
        let folder = try PlatformFolder()
        #expect(folder.home.token() == nil)
        for (text, token) in [("secret\n", "secret"), (" \tsecret", "secret"), ("", nil), ("\n", nil)] {
            try folder.write(text, to: folder.home.tokenFile)
            #expect(folder.home.token() == token)
        }
    }

    @Test("the lock is taken while somebody holds it, and looking does not take it")
    func lock() throws {
        let folder = try PlatformFolder()
        #expect(!folder.home.isLocked())
        let descriptor = open(folder.home.lockFile, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        defer { close(descriptor) }
        #expect(!folder.home.isLocked())
        #expect(flock(descriptor, LOCK_EX | LOCK_NB) == 0)
        #expect(folder.home.isLocked())
        #expect(flock(descriptor, LOCK_UN) == 0)
        #expect(!folder.home.isLocked())
        #expect(flock(descriptor, LOCK_EX | LOCK_NB) == 0)
    }
}

/// A platform's folder without a platform, removed with the value.
private final class PlatformFolder {
    let home: PlatformHome

    init() throws {
        let folder = FileManager.default.temporaryDirectory.path + "/bim-home-" + UUID().uuidString.prefix(13)
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        home = PlatformHome(folder: folder, logFile: folder + "/log")
    }

    deinit { try? FileManager.default.removeItem(atPath: home.folder) }

    func write(_ text: String, to path: String) throws {
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
    }
}
