// swift-tools-version: 6.2
// The code map, with each target's one duty, is in ARCHITECTURE.md; Tests/ArchitectureTests holds this file against it.

import PackageDescription

/// Shared by every Swift target: one language, one strictness.
let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .treatAllWarnings(as: .error),
]

let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let asyncAlgorithms = Target.Dependency.product(name: "AsyncAlgorithms", package: "swift-async-algorithms")
let asyncHTTPClient = Target.Dependency.product(name: "AsyncHTTPClient", package: "async-http-client")
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let grdb = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")
let httpTypes = Target.Dependency.product(name: "HTTPTypes", package: "swift-http-types")
let hummingbird = Target.Dependency.product(name: "Hummingbird", package: "hummingbird")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let nioCore = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioHTTP1 = Target.Dependency.product(name: "NIOHTTP1", package: "swift-nio")
let nioSSL = Target.Dependency.product(name: "NIOSSL", package: "swift-nio-ssl")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let serviceLifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let subprocess = Target.Dependency.product(name: "Subprocess", package: "swift-subprocess")
let systemPackage = Target.Dependency.product(name: "SystemPackage", package: "swift-system")
let unixSignals = Target.Dependency.product(name: "UnixSignals", package: "swift-service-lifecycle")
let yams = Target.Dependency.product(name: "Yams", package: "Yams")

func program(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .executableTarget(name: name, dependencies: dependencies, swiftSettings: settings)
}

func library(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: settings)
}

func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .testTarget(name: name, dependencies: dependencies, swiftSettings: settings)
}

let package = Package(
    name: "bim",
    products: [
        .executable(name: "git-remote-bim", targets: ["git-remote-bim"]),
        .executable(name: "bim-hooks", targets: ["bim-hooks"]),
        .executable(name: "git-bim", targets: ["git-bim"]),
        .executable(name: "bim-platform", targets: ["bim-platform"]),
        .executable(name: "bim-receive", targets: ["bim-receive"]),
        .library(name: "GitCore", targets: ["GitCore"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-async-algorithms", from: "1.1.0"),
        .package(url: "https://github.com/apple/swift-crypto", "3.12.3"..<"5.0.0"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0", traits: []),
        .package(url: "https://github.com/apple/swift-log", from: "1.14.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.0"),
        .package(url: "https://github.com/apple/swift-system", from: "1.8.0"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.0", traits: []),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.0"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.0", traits: []),
    ],
    targets: [
        // Level 5: the programs parse, wire and run.
        program("git-remote-bim", ["PushPipeline", "ProcessRunner", "GitCore", "Diagnostics"]),
        program("bim-hooks", ["HookManager", "ProcessRunner", "GitCore", "Diagnostics", argumentParser]),
        program(
            "git-bim",
            ["PushPipeline", "HookManager", "Deployers", "PlatformAPI", "ProcessRunner", "Diagnostics", argumentParser]),
        program("bim-platform", ["Platform", "PlatformAPI", "Diagnostics", argumentParser]),
        program("bim-receive", ["GitReceive", "Deployers", "Diagnostics", argumentParser]),

        // Measured by Benchmarks/artifacts/run; installed by nothing.
        .executableTarget(
            name: "artifact-benchmark",
            dependencies: ["Builders", "Registry", "Artifacts", "HTTPTransport", "ProjectConfig", "GitCore"],
            path: "Benchmarks/artifacts/driver", swiftSettings: settings),

        // Level 4: the stories.
        library(
            "PushPipeline",
            [
                "Builders", "Registry", "Deployers", "PlatformAPI", "Artifacts", "ProjectConfig", "ProcessRunner",
                "RemoteHelper", "HTTPTransport", "GitCore", "Diagnostics",
            ]),
        library(
            "GitReceive", ["Deployers", "PlatformAPI", "Artifacts", "HTTPTransport", "ProcessRunner", "Diagnostics"]),
        library("HookManager", ["Workspaces", "GitCore", "ProjectConfig", "ProcessRunner", "Diagnostics"]),
        library(
            "Platform",
            [
                "PlatformAPI", "Registry", "Artifacts", "Sandboxes", "HTTPTransport", "ProcessRunner", "Diagnostics",
                asyncAlgorithms, asyncHTTPClient, crypto, grdb, httpTypes, hummingbird, logging, nioCore, nioHTTP1,
                nioPosix, serviceLifecycle, systemPackage, unixSignals,
            ]),

        // Level 3: one step of the story each.
        library(
            "Builders",
            ["Workspaces", "Sandboxes", "GitCore", "Artifacts", "ProcessRunner", "ProjectConfig", "Diagnostics"]),
        library("Registry", ["Artifacts", "HTTPTransport", "ProcessRunner", "Diagnostics", crypto, systemPackage]),
        library(
            "Deployers",
            [
                "PlatformAPI", "Artifacts", "HTTPTransport", "ProcessRunner", "ProjectConfig", "Diagnostics",
                systemPackage,
            ]),

        // Level 2: values and the outside world, one each.
        library("PlatformAPI", ["Diagnostics"]),
        library("Artifacts", ["CArchive", "CDeflate", "CZstd", crypto]),
        library("HTTPTransport", ["Diagnostics", asyncHTTPClient, nioCore, nioHTTP1, nioPosix, nioSSL]),
        library("ProjectConfig", [yams]),
        library("Workspaces", ["GitCore", "ProcessRunner", "Diagnostics"]),
        library("Sandboxes", ["ProcessRunner", systemPackage]),
        library("ProcessRunner", [subprocess, systemPackage]),
        library("RemoteHelper"),
        library("GitCore", ["CGit2"]),

        // Level 1: errors and progress; the C libraries of the system.
        library("Diagnostics"),
        .systemLibrary(name: "CGit2", pkgConfig: "libgit2", providers: [.apt(["libgit2-dev"])]),
        .systemLibrary(name: "CArchive", pkgConfig: "libarchive", providers: [.apt(["libarchive-dev"])]),
        .systemLibrary(name: "CDeflate", providers: [.apt(["libdeflate-dev"])]),
        .systemLibrary(name: "CZstd", providers: [.apt(["libzstd-dev"])]),

        // Other people's programs, for the tests of several targets.
        .target(name: "TestPeers", path: "Tests/TestPeers", swiftSettings: settings),
        tests("ArchitectureTests", []),
        tests("ArtifactsTests", ["Artifacts"]),
        tests("BuildersTests", ["TestPeers", "Builders", "Artifacts", "GitCore", "ProcessRunner", "ProjectConfig"]),
        tests(
            "DeployersTests",
            [
                "TestPeers", "Deployers", "PlatformAPI", "ProjectConfig", "HTTPTransport", "ProcessRunner",
                "Diagnostics", nioCore,
                nioPosix,
            ]),
        tests("DiagnosticsTests", ["Diagnostics"]),
        tests("EndToEndTests", []),
        tests("GitCoreTests", ["GitCore"]),
        tests("GitReceiveTests", ["GitReceive", "Deployers", "PlatformAPI", "Diagnostics"]),
        tests("HookManagerTests", ["HookManager", "Workspaces", "Diagnostics"]),
        tests(
            "PlatformRuntimeTests",
            ["Platform", "PlatformAPI", "Sandboxes", "ProcessRunner", asyncHTTPClient, nioCore, nioPosix]),
        tests("PlatformAPITests", ["PlatformAPI", "Diagnostics"]),
        tests(
            "PlatformTests",
            [
                "Platform", "PlatformAPI", "Artifacts", "Registry", "Sandboxes", "HTTPTransport", "ProcessRunner",
                "Diagnostics", asyncAlgorithms, asyncHTTPClient, crypto, grdb, logging, nioCore, yams,
            ]),
        tests("ProcessRunnerTests", ["ProcessRunner"]),
        tests("ProjectConfigTests", ["ProjectConfig"]),
        tests(
            "PushPipelineTests",
            [
                "PushPipeline", "Builders", "Artifacts", "Deployers", "PlatformAPI", "ProjectConfig", "ProcessRunner",
                "HTTPTransport",
                "Registry", "RemoteHelper", "GitCore", "Diagnostics",
            ]),
        tests(
            "RegistryTests",
            [
                "TestPeers", "Registry", "Artifacts", "HTTPTransport", "ProcessRunner", "Diagnostics", nioCore,
                nioHTTP1, nioPosix,
            ]),
        tests("RemoteHelperTests", ["RemoteHelper"]),
    ]
)
