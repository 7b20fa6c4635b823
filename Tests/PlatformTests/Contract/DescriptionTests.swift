import Artifacts
import Diagnostics
import Foundation
@testable import Platform
import PlatformAPI
import Testing

@Suite("The API's description and the code")
struct DescriptionTests {
    private let description: APIDescription

    init() throws {
        description = try APIDescription.load()
    }

    @Test("Every route of the server is described, and every described operation has a route")
    func routes() throws {
        let routes = try SourceRoutes.all()
        #expect(routes.count > 20)
        let described = Set(description.operations.map { $0.name.replacing(".git/", with: "/") })
        #expect(routes.subtracting(described).sorted() == [], "the server has routes that the file lacks")
        #expect(described.subtracting(routes).sorted() == [], "the file has operations that the server lacks")
    }

    @Test("Every error code is described")
    func codes() {
        let described = schema("ErrorCode")["enum"]?.elements.compactMap(\.string)
        #expect(described == ErrorCode.allCases.map(\.rawValue))
    }

    @Test("Every status and event type is described")
    func enumerations() {
        let statuses = schema("DeploymentStatus")["enum"]?.elements.compactMap(\.string)
        #expect(statuses == DeploymentStatus.allCases.map(\.rawValue))
        let kinds: [DeploymentEvent.Kind] = [.status, .log, .progress, .probe, .notice, .end]
        #expect(
            schema("DeploymentEvent")["properties"]?["type"]?["enum"]?.elements.compactMap(\.string)
                == kinds.map(\.rawValue))
    }

    @Test(
        "A value with every member has all properties of its schema, one with the least exactly the required ones",
        arguments: WireSample.all)
    func members(sample: WireSample) throws {
        let schema = schema(sample.name)
        let full = try JSON(parsing: sample.full)
        let least = try JSON(parsing: sample.least)
        #expect(Set(full.members.keys) == Set(schema["properties"]?.members.keys ?? [:].keys))
        #expect(Set(least.members.keys) == Set(schema["required"]?.elements.compactMap(\.string) ?? []))
        for value in [full, least] {
            #expect(Schema(document: description.document).violations(of: value, schema, at: sample.name) == [])
        }
    }

    @Test("Every reference leads somewhere, and every operation has its own id")
    func references() {
        #expect(
            references(in: description.document).filter { Schema(document: description.document).resolve($0) == .null }
                == [])
        let ids = (description.document["paths"]?.members.values.map(\.members) ?? [])
            .flatMap { $0.values.compactMap { $0["operationId"]?.string } }
        #expect(ids.count == description.operations.count)
        #expect(Set(ids).count == ids.count)
    }

    private func schema(_ name: String) -> JSON { description.document["components"]?["schemas"]?[name] ?? .null }

    private func references(in value: JSON) -> [JSON] {
        if value["$ref"]?.string != nil { return [value] }
        return (Array(value.members.values) + value.elements).flatMap(references)
    }
}

/// The routes that the platform's sources add to the router.
enum SourceRoutes {
    static func all() throws -> Set<String> {
        let folder = APIDescription.checkout + "/Sources/Platform"
        let files = try FileManager.default.subpathsOfDirectory(
            atPath: URL(fileURLWithPath: folder).resolvingSymlinksInPath().path)
        return try files.filter { $0.hasSuffix(".swift") }.reduce(into: []) { routes, name in
            routes.formUnion(Self.routes(in: try String(contentsOfFile: "\(folder)/\(name)", encoding: .utf8)))
        }
    }

    /// Finds `router.get("…")` and `route(router, .get, "…")`, with what `let base = "…"` and `for service in […]` supply.
    private static func routes(in source: String) -> Set<String> {
        let base = source.firstMatch(of: /let base = "([^"]*)"/)?.output.1 ?? ""
        let services =
            source.firstMatch(of: /for service in \["([^"]*)", "([^"]*)"\]/).map { [$0.output.1, $0.output.2] } ?? []
        let direct = source.matches(of: /router\.(get|post|put|patch|delete|head)\("([^"]*)"/).map {
            ($0.output.1, $0.output.2)
        }
        let wrapped = source.matches(of: /route\(router, \.([a-z]+), "([^"]*)"/).map { ($0.output.1, $0.output.2) }
        return (direct + wrapped).reduce(into: []) { routes, route in
            let path = route.1.replacing("\\(base)", with: base)
            let paths =
                path.contains("\\(") ? services.map { path.replacing("\\(RouterPath(service))", with: $0) } : [path]
            routes.formUnion(paths.map { "\(route.0.uppercased()) \($0)" })
        }
    }
}
