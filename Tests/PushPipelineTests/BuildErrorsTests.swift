import Artifacts
import Builders
import Diagnostics
import ProcessRunner
import Testing

@testable import PushPipeline

/// What a failed build says to people.
struct BuildErrorsTests {
    @Test(
        "Each failure has its code, one sentence, and something to do",
        arguments: [
            (
                .command(step: "npm ci", status: .exited(1)), .buildFailed,
                "the build failed: 'npm ci' exited with status 1", "the whole output is in /log"
            ),
            (
                .said(step: "podman build", "exit status 9"), .buildFailed, "'podman build' failed: exit status 9",
                "the whole output is in /log"
            ),
            (
                .test(step: "npm test", status: .signaled(9)), .testsFailed,
                "the build's test 'npm test' was ended by signal 9", "the whole output is in /log"
            ),
            (
                .timedOut(step: "make", limit: .seconds(90), isTest: false), .buildTimeout,
                "the build did not end within 1 min 30 s; it was at 'make'",
                "raise 'timeout' under 'build' in bim.yml; the whole output is in /log"
            ),
            (
                .toolMissing(["docker", "podman"]), .noBuilder,
                "the build needs one of 'docker', 'podman', which are not on the PATH",
                "sudo apt-get install docker.io, podman or buildah; or do without: 'build: { builder: own }' in bim.yml packages what the commit holds"
            ),
            (
                .unavailable(tool: "podman", said: "refused"), .builderUnavailable, "'podman' does not answer: refused",
                "start what 'podman' speaks to, or name another tool in bim.yml under 'build'"
            ),
            (
                .noSpace, .quota, "no space is left where the image is built",
                "free some: docker system prune, podman system prune; the whole output is in /log"
            ),
            (
                .noOutput("dist"), .buildFailed, "the build made nothing that 'build.output' calls 'dist'",
                "correct 'output' in bim.yml, commit and push again; the whole output is in /log"
            ),
            (
                .secretMissing("npm-rc"), .configInvalid,
                "the build wants the secret 'npm-rc', and nothing says where it comes from",
                "git config bim.secret.npm-rc <file>, or put it into the variable BIM_SECRET_NPM_RC"
            ),
        ] as [(BuildFailure.Kind, ErrorCode, String, String)])
    func words(kind: BuildFailure.Kind, code: ErrorCode, message: String, hint: String) {
        let error = BuildFailure(kind, log: "/log").userError
        #expect(error.code == code)
        #expect(error.message == message)
        #expect(error.hint == hint)
    }

    @Test("An image for another system says which one the platform runs")
    func platform() {
        let failure = BuildFailure(.platform(wanted: .init(os: "linux", architecture: "arm64"), made: "linux/amd64"))
        #expect(failure.userError.code == .platformMismatch)
        #expect(
            failure.userError.message == "the build made an image for linux/amd64, and the platform runs linux/arm64")
        #expect(failure.userError.hint?.contains("build.dockerfile.platform") == true)
    }
}
