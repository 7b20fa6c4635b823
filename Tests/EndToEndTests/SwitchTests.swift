import Foundation
import Glibc
import Synchronization
import Testing

/// The switch from one release to the next.
struct SwitchTests {
    /// Asks a URL again and again, with a new connection each time, until it is told to stop.
    private final class Hammer: Sendable {
        private struct State {
            var isStopping = false
            var isOver = false
            var bodies: [String: Int] = [:]
            var failures: [String] = []
        }

        private let state = Mutex(State())

        init(_ url: String) {
            Thread.detachNewThread { [self] in
                while !state.withLock({ $0.isStopping }) {
                    let result = Result { try WebClient.blockingGet(url) }
                    state.withLock { state in
                        switch result {
                        case .success(let answer) where answer.status == 200: state.bodies[answer.body, default: 0] += 1
                        case .success(let answer): state.failures.append("status \(answer.status)")
                        case .failure(let error): state.failures.append("\(error)")
                        }
                    }
                }
                state.withLock { $0.isOver = true }
            }
        }

        func stop() async throws -> (bodies: [String: Int], failures: [String]) {
            state.withLock { $0.isStopping = true }
            return try await eventually("the client stops") {
                state.withLock { $0.isOver ? ($0.bodies, $0.failures) : nil }
            }
        }
    }

    @Test("Three pushes lose not one request of a client that asks all the time")
    func noLostRequest() async throws {
        let sandbox = try Sandbox()
        let project = try await Project(in: sandbox)
        try await project.commitApp(answering: "0")
        try await project.push().success()
        let hammer = Hammer(try await project.url())
        for release in 1...3 {
            try await project.commitApp(answering: "\(release)")
            try await project.push().success()
        }
        let (bodies, failures) = try await hammer.stop()
        #expect(failures.isEmpty)
        #expect(Set(bodies.keys).isSubset(of: ["0", "1", "2", "3"]))
        #expect(bodies.count >= 3, "the client was there during the switches: \(bodies)")
    }

    @Test("A request that is under way at the switch is answered by the release that took it")
    func drains() async throws {
        let sandbox = try Sandbox()
        let project = try await Project(in: sandbox)
        let slow = SampleApp.answering("old").replacingOccurrences(
            of: "body = b\"old\"", with: "body = b\"old\"\n        if self.path == \"/slow\": time.sleep(3)")
        try await project.commit("Slow", ["app.py": slow])
        try await project.push().success()
        let url = try await project.url()
        async let answer = WebClient.get(url + "/slow")
        try await project.commitApp(answering: "new")
        try await project.push().success()
        #expect(try await WebClient.get(url).body == "new")
        #expect(try await answer == .init(status: 200, body: "old"))
    }
}
