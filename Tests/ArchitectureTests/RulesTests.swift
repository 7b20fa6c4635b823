import Testing

@Suite("The rules find what is wrong in a small example")
struct RulesTests {
    let layers = [
        Layer(level: 2, name: "story", mayImport: ["Values", "Net"]),
        Layer(level: 1, name: "Values", mayImport: []),
    ]
    let manifest = Manifest(
        """
        let net = Target.Dependency.product(name: "Net", package: "net")
        func library(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {}
            targets: [
                program("story", ["Values", net]),
                library("Values"),
                .systemLibrary(name: "CThing", pkgConfig: "thing"),
                tests("ValuesTests", ["Values"]),
            ]
        """)

    @Test("A manifest is read with its constants, system libraries and tests")
    func manifestIsRead() {
        #expect(manifest.targets == ["story": ["Values", "Net"], "Values": [], "CThing": []])
        #expect(manifest.tests == ["ValuesTests"])
        #expect(manifest.products == ["Net"])
        #expect(manifest.unreadable.isEmpty)
        #expect(Manifest(#"library("A", [.product(name: "B"), "C"])"#).unreadable == [#"A: .product(name: "B")"#])
    }

    @Test("A table is read up to its end, and names are what is in code style")
    func tableIsRead() {
        let text = """
            | level | target | its one duty | may import |
            |---|---|---|---|
            | 2 | `story` | tells | `Values`, `Net` |
            | 1 | `Values` | holds | – |

            | level | target |
            """
        #expect(Layer.all(in: text) == layers)
        #expect(Layer.all(in: "no table") == nil)
        #expect(Layer.all(in: text.replacing("| 1 |", with: "| low |")) == nil)
    }

    @Test("A name that stands on one side alone is reported with its side")
    func differentNames() {
        #expect(Rules.same(["a"], in: "left", ["a"], in: "right").isEmpty)
        #expect(
            Rules.same(["a", "b"], in: "left", ["a", "c"], in: "right")
                == ["'b' is in left and not in right", "'c' is in right and not in left"])
    }

    @Test("A row may name lower levels and its own, never a higher one or itself")
    func levelsAreOneWay() {
        #expect(Rules.levels(of: layers).isEmpty)
        let peers = [
            Layer(level: 1, name: "A", mayImport: ["B"]), Layer(level: 1, name: "B", mayImport: []),
        ]
        #expect(Rules.levels(of: peers).isEmpty)
        let upward = layers + [Layer(level: 1, name: "Up", mayImport: ["story", "Up"])]
        #expect(Rules.levels(of: upward) == ["'Up' may import itself", "'Up' (level 1) may import 'story' (level 2)"])
    }

    @Test("A dependency that the row does not name is reported")
    func undeclaredDependency() {
        #expect(Rules.dependencies(of: manifest, layers: layers).isEmpty)
        let narrow = [Layer(level: 2, name: "story", mayImport: ["Values"])]
        #expect(
            Rules.dependencies(of: manifest, layers: narrow)
                == ["Package.swift: 'story' depends on 'Net', which its row does not name"])
    }

    @Test(
        "An import statement is recognised in every form",
        arguments: [
            "import Values", "internal import Values", "package import Values", "@testable import Values",
            "@preconcurrency public import Values", "import struct Values.Digest",
            "// head\nimport Glibc\nimport Values",
        ])
    func importForms(text: String) {
        #expect(SourceFile(target: "story", path: "a.swift", text: text).imports.contains("Values"))
    }

    @Test(
        "What only looks like an import is none",
        arguments: ["// import Values", "let important = 1", "  important Values"])
    func noImport(text: String) {
        #expect(SourceFile(target: "story", path: "a.swift", text: text).imports.isEmpty)
    }

    @Test("An import is reported when the row or the manifest does not know it")
    func undeclaredImport() {
        func violations(_ target: String, _ text: String, _ layers: [Layer]) -> [String] {
            Rules.imports(
                of: [SourceFile(target: target, path: "a.swift", text: text)], manifest: manifest, layers: layers)
        }
        #expect(violations("story", "import Values\nimport Glibc", layers).isEmpty)
        #expect(
            violations("Values", "import Net", layers)
                == ["a.swift imports 'Net', which the row of 'Values' does not name"])
        let wide = [Layer(level: 1, name: "Values", mayImport: ["Net"])]
        #expect(
            violations("Values", "import Net", wide)
                == ["a.swift imports 'Net', which Package.swift does not give to 'Values'"])
    }

    @Test("A public declaration is allowed to GitCore alone")
    func publicDeclarations() {
        func violations(_ target: String, _ text: String) -> Int {
            Rules.visibility(of: [SourceFile(target: target, path: "a.swift", text: text)]).count
        }
        #expect(violations("GitCore", "public struct A {}") == 0)
        #expect(violations("Values", "package struct A {}\n// public struct B\nlet publicity = 1\n    open = nil") == 0)
        #expect(violations("Values", "public import Glibc") == 0)
        #expect(violations("Values", "struct A {\n    @inlinable public var b: Int { 1 }\n}") == 1)
    }

    @Test("Codes and statuses are read from the switch and from the table")
    func errorCodesAreRead() {
        let source = """
            case lost = "LOST"
            case `internal` = "INTERNAL"
            case odd = "ODD"
            var exitStatus: Int32 {
                switch self {
                case .lost,
                    .internal: 3
                }
            }
            var other: Int { switch self { case .odd: 9 } }
            """
        let defined = ErrorCodes.defined(in: source)
        #expect(defined == ["LOST": 3, "INTERNAL": 3, "ODD": nil])
        let documented = ErrorCodes.documented(
            in: """
                | code | exit status | what it means | what to do |
                |---|---|---|---|
                | `LOST` | 3 | a | b |
                | `INTERNAL` | 4 | a | b |
                | `OLD` | 1 | a | b |
                """)
        #expect(documented == ["LOST": 3, "INTERNAL": 4, "OLD": 1])
        #expect(
            Rules.errorCodes(defined: defined, documented: documented ?? [:]) == [
                "'ODD' is in ErrorCode.swift and not in docs/errors.md",
                "'OLD' is in docs/errors.md and not in ErrorCode.swift",
                "'INTERNAL' exits with 3, and docs/errors.md says 4",
                "'ODD' has no exit status in ErrorCode.swift",
            ])
    }
}
