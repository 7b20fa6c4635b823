import GitCore
import Testing

@Suite struct AncestryTests {
    let sandbox: Sandbox

    init() throws {
        sandbox = try Sandbox()
        try sandbox.makeRepository()
    }

    @Test("In a line of commits the earlier ones are ancestors, and so is the commit itself")
    func line() throws {
        let commits = try (0..<4).map { try sandbox.commit("\($0)") }
        let repository = try sandbox.open()
        for (i, older) in commits.enumerated() {
            for (j, newer) in commits.enumerated() {
                #expect(try repository.isAncestor(older, of: newer) == (i <= j))
            }
        }
    }

    @Test(
        "Wrong clocks do not change the answer",
        arguments: [
            [5, 4, 3, 2, 1], [1, 9, 1, 9, 1], [9, 1, 1, 1, 9], [1, 1, 1, 1, 1],
        ])
    func clocks(times: [Int]) throws {
        let commits = try times.enumerated().map { number, time in
            try sandbox.commit("\(number)", at: 1_700_000_000 + time)
        }
        try sandbox.git("checkout", "-q", "-b", "side", commits[1].hex)
        let side = try sandbox.commit("side", at: 1_700_000_005)
        let repository = try sandbox.open()
        #expect(try repository.isAncestor(commits[0], of: commits[4]) == true)
        #expect(try repository.isAncestor(commits[1], of: side) == true)
        #expect(try repository.isAncestor(commits[4], of: commits[0]) == false)
        #expect(try repository.isAncestor(commits[2], of: side) == false)
        #expect(try repository.isAncestor(side, of: commits[4]) == false)
    }

    @Test("Both sides of a merge are ancestors, diverged and unrelated ones are not")
    func merge() throws {
        let base = try sandbox.commit("base")
        try sandbox.git("checkout", "-q", "-b", "side")
        let side = try sandbox.commit("side", to: "side")
        try sandbox.git("checkout", "-q", "main")
        let main = try sandbox.commit("main")
        let repository = try sandbox.open()
        #expect(try repository.isAncestor(side, of: main) == false)
        try sandbox.git("merge", "-q", "--no-edit", "side")
        let merge = try sandbox.id("HEAD")
        for older in [base, side, main] { #expect(try repository.isAncestor(older, of: merge) == true) }
        #expect(try repository.isAncestor(merge, of: side) == false)
        try sandbox.git("checkout", "-q", "--orphan", "other")
        let unrelated = try sandbox.commit("other")
        #expect(try repository.isAncestor(base, of: unrelated) == false)
        #expect(try repository.isAncestor(unrelated, of: merge) == false)
    }

    @Test("Tags stand for their commits")
    func tags() throws {
        let first = try sandbox.commit("one")
        let second = try sandbox.commit("two")
        try sandbox.git("tag", "-a", "v1", "-m", "One", first.hex)
        let repository = try sandbox.open()
        let tag = try repository.resolve("v1")
        #expect(try repository.isAncestor(tag, of: second) == true)
        #expect(try repository.isAncestor(tag, of: first) == true)
        #expect(try repository.isAncestor(second, of: tag) == false)
    }

    @Test("A commit that is not there is missing, not unrelated")
    func missing() throws {
        let tip = try sandbox.commit()
        let tree = try sandbox.id("HEAD^{tree}")
        let absent = try #require(ObjectID(hex: String(repeating: "1", count: 40)))
        let repository = try sandbox.open()
        #expect(sandbox.errorKind { _ = try repository.isAncestor(absent, of: tip) } == .missingObject)
        #expect(sandbox.errorKind { _ = try repository.isAncestor(tip, of: absent) } == .missingObject)
        #expect(sandbox.errorKind { _ = try repository.isAncestor(tree, of: tip) } == .wrongType)
    }

    @Test("The answer is git's for every pair of a tangled history")
    func tangled() throws {
        var commits = [try sandbox.commit("0")]
        let tree = try sandbox.id("HEAD^{tree}").hex
        for number in 1..<14 {
            let parents = Set([commits[(number * 7) % commits.count], commits[(number * 3 + 1) % commits.count]])
            let options = parents.sorted().map { "-p\($0.hex)" }
            let time = ["GIT_COMMITTER_DATE": "\(1_700_000_000 + (number * 37) % 11) +0000"]
            let text =
                options.count == 1
                ? try sandbox.git("commit-tree", options[0], "-m", "\(number)", tree, with: time)
                : try sandbox.git("commit-tree", options[0], options[1], "-m", "\(number)", tree, with: time)
            commits.append(try #require(ObjectID(hex: text)))
        }
        let repository = try sandbox.open()
        for newer in commits {
            let reachable = Set(try sandbox.git("rev-list", newer.hex).split(separator: "\n").map(String.init))
            for older in commits {
                #expect(try repository.isAncestor(older, of: newer) == reachable.contains(older.hex))
            }
        }
    }
}
