import Foundation
import Glibc
import Testing

/// git goes away, or a signal comes, at every line of a session: nothing is left running, and the ledger is true.
@Suite(.serialized)
struct BrokenSessionTests {
    /// How a session ends before its time.
    enum Ending: Sendable, CaseIterable, CustomTestStringConvertible {
        case endOfInput, interrupt, terminate, closedPipe

        var testDescription: String { "\(self)" }
        var signal: Int32? {
            switch self {
            case .interrupt: SIGINT
            case .terminate: SIGTERM
            case .endOfInput, .closedPipe: nil
            }
        }
    }

    private let sandbox: Sandbox
    private let project: Project

    init() async throws {
        // A write to a helper that is gone is an error here, and no end of the test.
        signal(SIGPIPE, SIG_IGN)
        sandbox = try Sandbox()
        project = try await Project(in: sandbox)
        try await project.commitApp(answering: "old")
        try await project.push().success()
    }

    /// `list` and `fetch` are what git says to a helper in versions 0 and 1 of its protocol.
    private static let oldProtocol = [
        "GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "protocol.version", "GIT_CONFIG_VALUE_0": "0",
    ]
    private static let greeting = [
        HelperSession.Line("capabilities", .block), .init("option progress false"), .init("option verbosity 1"),
    ]
    private static let push =
        greeting + [
            .init("list for-push", .block), .init("option push-option x-a=b"),
            .init("push refs/heads/main:refs/heads/main", .none), .init("", .block), .init("", .none),
        ]
    private static func fetch(_ id: String) -> [HelperSession.Line] {
        greeting + [
            .init("list", .block), .init("option check-connectivity true"), .init("fetch \(id) refs/heads/main", .none),
            .init("", .block), .init("", .none),
        ]
    }

    @Test("At every line of a push whose commit is live already", arguments: Ending.allCases)
    func push(_ ending: Ending) async throws { try await walk(Self.push, ending, in: project, isOurs: true) }

    @Test("At every line of a fetch", arguments: Ending.allCases)
    func fetch(_ ending: Ending) async throws {
        let empty = try await Project(in: sandbox, folder: "empty")
        let id = try await project.objectID("HEAD")
        try await walk(Self.fetch(id), ending, in: empty, isOurs: false)
    }

    /// Ends a session after each of its lines, and before the first.
    ///
    /// - Parameter isOurs: whether the helper itself hears all lines, so that it knows whether a batch is cut.
    private func walk(
        _ lines: [HelperSession.Line], _ ending: Ending, in place: Project, isOurs: Bool
    ) async throws {
        let refs = try await project.git("ls-remote bim").success().stdout
        for count in 0...lines.count {
            let session = try HelperSession(in: place, Self.oldProtocol)
            for line in lines.prefix(count) { try await session.say(line) }
            let rest = lines.suffix(lines.count - count)
            let place = "\(ending) after '\(lines.prefix(count).last?.text ?? "")' (\(count))"
            if let signal = ending.signal {
                // The helper hears signals from the moment at which it answers.
                if count == 0 { try await session.say(lines[0]) }
                session.process.kill(signal)
            } else if ending == .closedPipe {
                session.stopListening()
                for line in rest { session.write(line) }
            }
            let isHeard = rest.contains { $0.answer != .none }
            if ending == .endOfInput || ending == .closedPipe && !isHeard { session.closeInput() }
            let status = try await session.process.finish(within: .seconds(20)).status
            let isWhole = lines.last?.text == "" && count == lines.count
            switch ending {
            case _ where isWhole: #expect(status == 0 || ending.signal.map { status == 128 + $0 } ?? false, "\(place)")
            case .endOfInput where isOurs:
                #expect(
                    status == (lines.prefix(count).last?.answer == HelperSession.Line.Answer.none ? 128 : 0), "\(place)"
                )
            case .endOfInput: #expect([0, 1, 128].contains(status), "\(place): \(status)")
            case .closedPipe:
                #expect(status == (isHeard ? 128 + SIGPIPE : 0), "\(place)")
            default: #expect(status == 128 + (ending.signal ?? 0), "\(place)")
            }
        }
        try await requireNothingLeft()
        #expect(try await project.git("ls-remote bim").success().stdout == refs)
        #expect(try await project.status().deployments.map(\.status) == ["healthy"])
    }

    @Test("In the middle of a deployment", arguments: Ending.allCases)
    func underWay(_ ending: Ending) async throws {
        let old = try await project.objectID("HEAD")
        // A reader that is gone is noticed when there is an answer for it, so that deployment completes.
        let wait = ending == .closedPipe ? "time.sleep(1)" : "time.sleep(600)"
        let new = try await project.commitApp(answering: "new", before: wait)
        let session = try HelperSession(in: project)
        for line in Self.push.dropLast(2) { try await session.say(line) }
        session.write(.init(""))
        _ = try await eventually("the new app starts") {
            sandbox.processes().compactMap(ProcessFacts.init).first { $0.environment.contains("BIM_COMMIT=\(new)") }
        }
        switch ending {
        case .endOfInput: session.closeInput()
        case .closedPipe: session.stopListening()
        default: session.process.kill(try #require(ending.signal))
        }
        let status = try await session.process.finish(within: .seconds(20)).status
        let completes = ending == .closedPipe
        #expect(status == (ending == .endOfInput ? 0 : 128 + (ending.signal ?? SIGPIPE)))
        #expect(
            try await project.status().deployments.first { $0.commit == new }?.status
                == (completes ? "healthy" : "canceled"))
        #expect(try await project.remoteObjectID() == (completes ? new : old))
        #expect(try await project.answer() == (completes ? "new" : "old"))
        try await requireNothingLeft()
    }

    @Test("Ctrl-C ends git push as it ends git, and the deployment with it")
    func controlC() async throws {
        let new = try await project.commitApp(answering: "new", before: "time.sleep(600)")
        let push = try project.startPush()
        _ = try await eventually("the new app starts") {
            sandbox.processes().compactMap(ProcessFacts.init).first { $0.environment.contains("BIM_COMMIT=\(new)") }
        }
        push.killGroup(SIGINT)
        #expect(try await push.finish().status == 128 + SIGINT)
        _ = try await eventually("the ledger says that it was canceled") { () -> Bool? in
            try await project.status().deployments.first { $0.commit == new }?.status == "canceled" ? true : nil
        }
        #expect(try await project.answer() == "old")
        try await requireNothingLeft()
    }

    /// No helper and no git is left, and one instance alone.
    private func requireNothingLeft() async throws {
        _ = try await eventually("nothing but the platform and its app is left", within: .seconds(20)) { () -> Bool? in
            let names = sandbox.processes().compactMap(ProcessFacts.init).compactMap(\.arguments.first).map {
                ($0 as NSString).lastPathComponent
            }
            let isLeft = names.contains { $0.hasPrefix("git") } || names.count(where: { $0 == "python3" }) != 1
            return isLeft ? nil : true
        }
    }
}
