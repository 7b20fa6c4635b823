import Platform
import PlatformAPI
import Testing

@Suite struct SupervisorTests {
    @Test("What is meant for the first platform is not said to the one that follows a kill")
    func firstArguments() throws {
        let image = try Image()
        let said = image.root + "/app/said"
        try image.write(
            "#!/bin/sh\necho \"$@\" >> \(said)\n[ $(wc -l < \(said)) -gt 1 ] || kill -9 $$\nexit 7\n",
            to: "app/program",
            mode: 0o700)
        let home = PlatformHome(folder: image.root, logFile: image.root + "/app/log")
        let status = try PlatformSupervisor(
            program: image.root + "/app/program", arguments: ["--port", "0"], firstArguments: ["--restore-ledger"],
            home: home, environment: basic
        ).run()
        #expect(status == 7)
        #expect(image.read("app/said") == "--port 0 --restore-ledger\n--port 0\n")
    }
}
