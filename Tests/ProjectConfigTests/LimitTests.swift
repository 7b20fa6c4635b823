import Testing

@testable import ProjectConfig

struct LimitTests {
    @Test("a file of 256 KiB is read and a larger one is not")
    func size() throws {
        let text = "app: api\n#" + String(repeating: "x", count: (256 << 10) - 10)
        #expect(try ProjectConfig.parse(text).app == "api")
        let error = #expect(throws: ConfigError.self) { try ProjectConfig.parse(text + "x") }
        #expect(error?.message == "bim.yml: the file is larger than 256 KiB")
    }

    @Test(
        "aliases that stand for a heap of values are refused",
        arguments: ["x-z: *i30", "? *i30\n: 1", "x-z: {*i30 : 1}"])
    func bomb(last: String) {
        let levels = (1...30).map { "x-\($0): &i\($0) [*i\($0 - 1), *i\($0 - 1)]\n" }
        let text = "x-0: &i0 a\n" + levels.joined() + last
        let error = #expect(throws: ConfigError.self) { try ProjectConfig.parse(text) }
        #expect(
            error?.problem.contains("the aliases stand for more than") == true
                || error?.problem == "a key must be plain text")
    }

    @Test("merge keys cannot make a heap either")
    func mergeBomb() {
        let levels = (1...30).map { "x-\($0): &i\($0) {<<: [*i\($0 - 1), *i\($0 - 1)], k\($0): 1}\n" }
        let text = "x-0: &i0 {a: 1}\n" + levels.joined() + "health: *i30"
        let error = #expect(throws: ConfigError.self) { try ProjectConfig.parse(text) }
        #expect(error?.problem == "the aliases stand for more than 50000 values")
    }

    @Test("an alias cannot be a key")
    func aliasKey() {
        let error = #expect(throws: ConfigError.self) { try ProjectConfig.parse("x-a: &a app\n*a : api") }
        #expect(error?.message == "bim.yml:2: a key must be plain text")
    }

    @Test("text with stars and ampersands is not taken for aliases")
    func stars() throws {
        let text = """
            # run *all & sundry
            release: make *.c && echo "*done" & wait
            image: {exclude: ["*.md", '*a']}
            hooks:
              pre-push:
                t: |
                  ls *a &
            """
        let config = try ProjectConfig.parse(text)
        #expect(config.releaseCommand == "make *.c && echo \"*done\" & wait")
        #expect(config.image.exclude == ["*.md", "*a"])
        #expect(config.hooks["pre-push"]?.first?.run == "ls *a &")
    }

    @Test("deep nesting is refused, not followed", arguments: ["[", "{a: ", "- ", "? "])
    func nesting(opening: String) {
        let text = String(repeating: opening, count: 40_000)
        let error = #expect(throws: ConfigError.self) { try ProjectConfig.parse(text) }
        #expect(error?.problem == "the values are nested too deep")
    }

    @Test("many keys are read")
    func manyKeys() throws {
        let lines = (0..<9_000).map { "  p\($0): run \($0)" }
        let config = try ProjectConfig.parse("processes:\n" + lines.joined(separator: "\n"))
        #expect(config.processes.count == 9_000)
    }

    @Test("more than 64 environments or branches are refused")
    func manyEnvironments() {
        let names = (0..<65).map { "e\($0)" }
        let environments = names.map { "  \($0): {}\n" }.joined()
        #expect(throws: ConfigError.self) { try ProjectConfig.parse("environments:\n\(environments)") }
        let branches = names.joined(separator: ", ")
        #expect(throws: ConfigError.self) { try ProjectConfig.parse("environments: {a: {branches: [\(branches)]}}") }
    }

    @Test("a damaged file is an error with a line or a configuration, never a trap", arguments: [1, 2, 3] as [UInt64])
    func damage(seed: UInt64) {
        let text = Array(
            "a: &b {c: *b, \"d\\u00e9\": 'x', ? [1] : |\n  y}\nprocesses:\n  web: a\nport: 8\n<<: *b\n- %! 😀"
                .unicodeScalars)
        var state = seed
        func next(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % bound
        }
        for _ in 0..<1_500 {
            var damaged = text
            for _ in 0...next(6) {
                let place = next(damaged.count)
                if next(2) == 0 { damaged[place] = text[next(text.count)] } else { damaged.remove(at: place) }
            }
            let prefix = damaged.prefix(next(damaged.count) + 1)
            let result = Result { try ProjectConfig.parse(String(String.UnicodeScalarView(prefix))) }
            if case .failure(let error) = result { #expect(error is ConfigError) }
        }
    }
}
