import Foundation
import Glibc
import Testing

/// Apps that are built before they run, pushed as a user pushes them.
@Suite(.serialized)
struct BuildTests {
    private let sandbox: Sandbox

    init() throws { sandbox = try Sandbox() }

    @Test(
        "A Node app with packages and a build script is built, and is served without its tools",
        .enabled(if: access("/usr/bin/npm", X_OK) == 0, "npm is not installed"))
    func node() async throws {
        let project = try await Project(in: sandbox)
        let server = """
            const words = require("words"), built = require("./dist/built.js")
            require("http").createServer((q, a) => a.end(words + " " + built)).listen(process.env.PORT, "127.0.0.1")

            """
        try await project.commit(
            "Node",
            [
                "package.json":
                    #"{"name":"x","version":"1.0.0","scripts":{"build":"node build.js","start":"node server.js"},"dependencies":{"words":"file:words"}}"#,
                "words/package.json": #"{"name":"words","version":"1.0.0","main":"index.js"}"#,
                "words/index.js": "module.exports = 'local package'\n", "server.js": server, ".dockerignore": "dist\n",
                "build.js":
                    "const fs = require('fs'); fs.mkdirSync('dist'); fs.writeFileSync('dist/built.js', 'module.exports = \"built\"')\n",
            ])
        let push = try await project.push().success()
        #expect(
            push.stderr.contains("build steps, because the commit holds 'scripts.build in package.json'"), "\(push)")
        #expect(push.stderr.contains("build steps, 2 steps, 0 found"), "\(push)")
        #expect(try await project.answer() == "local package built")
        let again = try await project.push("main:again").success()
        #expect(again.stderr.contains("build steps, 2 steps, all found"), "\(again)")
        #expect(try await project.answer(of: "again") == "local package built")
    }

    @Test("A Python app has its dependencies from PyPI beside it")
    func python() async throws {
        let project = try await Project(in: sandbox)
        let app = """
            import os, bottle
            @bottle.route("/<path:path>")
            @bottle.route("/")
            def answer(path=""): return "bottle " + bottle.__version__
            bottle.run(host="127.0.0.1", port=int(os.environ["PORT"]), quiet=True)

            """
        try await project.commit("Python", ["app.py": app, "requirements.txt": "bottle==0.13.4\n"])
        let dry = try await project.push("--dry-run main").success()
        #expect(dry.stderr.contains("build steps (because the commit holds 'requirements.txt')"), "\(dry)")
        let push = try await project.push()
        #expect(push.status == 0, "\(push)")
        #expect(try await project.answer() == "bottle 0.13.4")
        // Another app file asks for no other packages.
        try await project.commit("Other", ["app.py": app.replacingOccurrences(of: "\"bottle \"", with: "\"other \"")])
        #expect(try await project.push().success().stderr.contains("pip install (found)"))
        #expect(try await project.answer() == "other 0.13.4")
    }

    @Test(
        "A Swift app is compiled and runs without its compiler",
        .enabled(if: SwiftToolchain.folder != nil, "swift is not on the PATH"))
    func swift() async throws {
        let project = try await Project(in: sandbox)
        let manifest = """
            // swift-tools-version: 6.0
            import PackageDescription
            let package = Package(name: "hello", targets: [.executableTarget(name: "hello", path: "Sources")])

            """
        let main = """
            import Glibc
            let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            var on: Int32 = 1
            setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, 4)
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = UInt16(String(cString: getenv("PORT")))!.bigEndian
            address.sin_addr.s_addr = inet_addr("127.0.0.1")
            let size = socklen_t(MemoryLayout<sockaddr_in>.size)
            _ = withUnsafePointer(to: &address) { $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, size) } }
            listen(descriptor, 64)
            while true {
                let client = accept(descriptor, nil, nil)
                var buffer = [UInt8](repeating: 0, count: 4096)
                _ = read(client, &buffer, buffer.count)
                let answer = "HTTP/1.1 200 OK\\r\\nContent-Length: 5\\r\\nConnection: close\\r\\n\\r\\nswift"
                _ = write(client, answer, answer.utf8.count)
                close(client)
            }

            """
        try await project.commit("Swift", ["Package.swift": manifest, "Sources/main.swift": main])
        let path = "\(Programs.folder):\(SwiftToolchain.folder ?? ""):/usr/bin:/bin"
        let push = try await project.push("main", ["PATH": path])
        #expect(push.status == 0, "\(push)")
        #expect(try await project.answer() == "swift")
    }

    @Test("A step that fails rejects the push, names its log, and the old release serves on")
    func failing() async throws {
        let project = try await Project(in: sandbox)
        try await project.commitApp(answering: "first")
        try await project.push().success()
        let steps = "build:\n  steps:\n    - {name: compile, run: 'echo the compiler is unhappy; exit 3'}\n"
        try await project.commit("Bad", ["bim.yml": steps])
        let push = try await project.push().failure()
        #expect(push.stderr.contains("          | the compiler is unhappy"), "\(push)")
        #expect(push.stderr.contains("(BUILD_FAILED: the build failed: 'compile' exited with status 3)"), "\(push)")
        #expect(
            push.stderr.contains("hint: the whole output is in \(project.folder)/.git/bim/logs/build/build.log"),
            "\(push)")
        #expect(try await project.answer() == "first")
        try await project.commit("Missing", ["bim.yml": "build: {steps: [no-such-program]}\n"])
        #expect(try await project.push().failure().stderr.contains("a program was not found"))
        try await project.commit("Dagger", ["bim.yml": "", "dagger.json": "{}"])
        let dagger = try await project.push().failure()
        #expect(dagger.stderr.contains("(NO_BUILDER: the build needs 'dagger', which is not on the PATH)"), "\(dagger)")
        #expect(dagger.stderr.contains("'build: { builder: own }'"), "\(dagger)")
    }

    @Test("Tests that are part of the build serve an environment that requires them")
    func requiredTests() async throws {
        let project = try await Project(in: sandbox)
        let environments = "environments: {production: {branches: [main], required-tests: true}}\n"
        try await project.commit("Without", ["app.py": SampleApp.answering("tested"), "bim.yml": environments])
        #expect(try await project.push().failure().stderr.contains("TESTS_REQUIRED"))
        func steps(_ test: String) -> String { environments + "build: {steps: [{test: '\(test)'}]}\n" }
        try await project.commit("Failing", ["bim.yml": steps("exit 1")])
        #expect(
            try await project.push().failure().stderr.contains(
                "(TESTS_FAILED: the build's test 'exit 1' exited with status 1)"))
        try await project.commit("Passing", ["bim.yml": steps("grep -q tested app.py")])
        try await project.push().success()
        #expect(try await project.answer() == "tested")
    }

    @Test(
        "A Dockerfile's image is built without a daemon and serves by its own command",
        .enabled(
            if: Programs.areAvailable("/usr/bin/buildah", "/bin/busybox") && geteuid() == 0,
            "buildah or busybox is not installed"))
    func dockerfile() async throws {
        let project = try await Project(in: sandbox)
        let dockerfile = """
            FROM scratch AS base
            COPY busybox /bin/busybox
            RUN ["/bin/busybox", "--install", "-s", "/bin"]
            FROM base
            RUN mkdir -p /app/site /tmp /proc /dev /etc && echo from the image > /app/site/index.html
            WORKDIR /app
            CMD exec httpd -f -p 127.0.0.1:$PORT -h /app/site

            """
        try await sandbox.run(["cp", "/bin/busybox", "\(project.folder)/busybox"]).success()
        try await project.commit(
            "Docker", ["Dockerfile": dockerfile, "bim.yml": "build: {dockerfile: {tool: buildah}}\n"])
        let storage =
            "[storage]\ndriver = \"vfs\"\ngraphroot = \"\(sandbox.root)/store\"\nrunroot = \"\(sandbox.root)/store-run\"\n"
        try Data(storage.utf8).write(to: URL(fileURLWithPath: "\(sandbox.root)/storage.conf"))
        let push = try await project.push(
            "main",
            [
                "BUILDAH_ISOLATION": "chroot", "STORAGE_DRIVER": "vfs",
                "CONTAINERS_STORAGE_CONF": "\(sandbox.root)/storage.conf",
            ])
        #expect(push.status == 0, "\(push)")
        #expect(push.stderr.contains("Dockerfile, for 'Dockerfile', as bim.yml says"), "\(push)")
        #expect(try await project.answer() == "from the image\n")
    }
}

/// The compiler that runs the tests, for apps that need one.
private enum SwiftToolchain {
    static let folder: String? = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
        .map(String.init).first { access("\($0)/swift", X_OK) == 0 }
}
