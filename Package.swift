// swift-tools-version: 6.1
import PackageDescription

// Which room may import which is drawn in README.md; `make lint` checks every import against this file.
let package = Package(
    name: "bunko",
    products: [
        .executable(name: "bunko", targets: ["bunko"]),
        .library(name: "Cache", targets: ["Cache"]),
        .library(name: "Embeddings", targets: ["Embeddings"]),
        .library(name: "CBLAS", targets: ["CBLAS"]),
        .library(name: "VectorIndex", targets: ["VectorIndex", "RowFilters"]),
        .library(name: "VectorDatasets", targets: ["VectorDatasets"]),
    ],
    dependencies: [
        .package(url: "https://github.com/jpsim/Yams", from: "6.0.0"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-configuration", from: "1.4.0", traits: ["YAML"]),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/vapor/jwt-kit", from: "5.0.0"),
    ],
    targets: [
        // C libraries: a module map and a shim each.
        .systemLibrary(name: "CPostgres", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
        .systemLibrary(name: "CBLAS", providers: [.apt(["libblas-dev", "libopenblas0-pthread"])]),
        .systemLibrary(name: "CLAPACKE", providers: [.apt(["liblapacke-dev"])]),
        .systemLibrary(name: "CICU", pkgConfig: "icu-i18n", providers: [.apt(["libicu-dev"])]),
        .systemLibrary(
            name: "CCommonMark", pkgConfig: "libcmark-gfm",
            providers: [.apt(["libcmark-gfm-dev"])]),
        .systemLibrary(name: "CArchive", pkgConfig: "libarchive", providers: [.apt(["libarchive-dev"])]),
        .systemLibrary(name: "CHiredis", providers: [.apt(["libhiredis-dev"])]),
        .systemLibrary(name: "CXML", pkgConfig: "libxml-2.0", providers: [.apt(["libxml2-dev"])]),
        .target(name: "CVectorKernels"),
        .target(name: "CSyntheticVectors"),

        // Rooms, from the ground up.
        .target(name: "Domain"),
        .target(name: "Postgres", dependencies: ["CPostgres", .crypto, .deque, .logging]),
        .target(name: "Cache", dependencies: ["CHiredis", "Domain", .deque, .logging, .serviceLifecycle]),
        .target(name: "EmbeddedPostgres", dependencies: ["Postgres", .logging, .serviceLifecycle]),
        .target(name: "RowFilters", dependencies: ["CVectorKernels"]),
        .target(name: "VectorIndex", dependencies: ["RowFilters", "CVectorKernels", "CBLAS", "CLAPACKE"]),
        .target(name: "VectorDatasets", dependencies: ["CSyntheticVectors", "CBLAS", "CLAPACKE", .crypto]),
        .target(name: "VectorBenchmarks", dependencies: ["VectorDatasets", "VectorIndex", "RowFilters"]),
        .target(name: "TextAnalysis", dependencies: ["CICU"]),
        .target(name: "LexicalIndex", dependencies: ["RowFilters", "TextAnalysis", "CVectorKernels"]),
        .target(
            name: "Embeddings",
            dependencies: [
                "TextAnalysis", "CVectorKernels", "CBLAS", "Domain", .asyncHTTPClient, .crypto, .nioCore, .nioHTTP1, .nioPosix,
            ]),
        .target(name: "Extraction", dependencies: ["TextAnalysis", "CCommonMark", "CArchive", "CXML", "CICU"]),
        .target(
            name: "Storage", dependencies: ["Postgres", "Domain", .crypto, .logging, .serviceLifecycle],
            resources: [.embedInCode("Migrations")]),
        .target(name: "Accounts", dependencies: ["Storage", "Domain", .crypto, .jwtKit, .logging]),
        .target(
            name: "Operations", dependencies: ["EmbeddedPostgres", "Storage", "Domain", .crypto, .logging, .serviceLifecycle]),
        .target(
            name: "Ingestion",
            dependencies: [
                "Extraction", "Embeddings", "TextAnalysis", "Storage", "Domain",
                .asyncHTTPClient, .logging, .nioCore, .serviceLifecycle,
            ]),
        .target(
            name: "Retrieval",
            dependencies: [
                "VectorIndex", "LexicalIndex", "RowFilters", "CVectorKernels", "TextAnalysis", "Embeddings", "Storage", "Domain", .logging,
                .serviceLifecycle,
            ]),
        .target(name: "Evaluation", dependencies: ["Domain"]),
        .target(name: "ContextAssembly", dependencies: ["Retrieval", "Storage", "TextAnalysis", "Domain"]),
        .target(
            name: "Server",
            dependencies: [
                "Accounts", "ContextAssembly", "Ingestion", "Retrieval", "Operations", "Storage", "Domain",
                .httpTypes, .hummingbird, .logging, .nioCore, .serviceLifecycle,
            ]),
        .executableTarget(
            name: "bunko",
            dependencies: [
                "Server", "Accounts", "Cache", "ContextAssembly", "Ingestion", "Retrieval", "Operations", "Storage", "Domain",
                "Embeddings", "EmbeddedPostgres", "Evaluation", "Extraction", "Postgres", "TextAnalysis", "VectorBenchmarks",
                "VectorDatasets",
                "VectorIndex", "CVectorKernels",
                .argumentParser, .asyncHTTPClient, .configuration, .crypto, .deque, .hummingbird, .logging, .nioCore, .nioHTTP1,
                .serviceLifecycle, .systemPackage, .unixSignals, .yams,
            ]),

        // Tests.
        .target(
            name: "TestSupport",
            dependencies: ["Domain", "Storage", "Postgres", "EmbeddedPostgres", .logging, .nioCore, .nioHTTP1, .nioPosix],
            path: "Tests/TestSupport"),
        .testTarget(name: "DomainTests", dependencies: ["Domain"]),
        .testTarget(name: "CacheTests", dependencies: ["Cache", "Domain", "TestSupport", .logging]),
        .testTarget(name: "PostgresTests", dependencies: ["Postgres", .logging]),
        .testTarget(
            name: "EmbeddedPostgresTests", dependencies: ["EmbeddedPostgres", "Postgres", .logging, .serviceLifecycle, .unixSignals]),
        .testTarget(name: "RowFiltersTests", dependencies: ["RowFilters"]),
        .testTarget(name: "VectorIndexTests", dependencies: ["VectorIndex", "RowFilters", "CVectorKernels"]),
        .testTarget(name: "VectorDatasetsTests", dependencies: ["VectorDatasets", "CSyntheticVectors"]),
        .testTarget(name: "VectorBenchmarksTests", dependencies: ["VectorBenchmarks", "VectorDatasets", "VectorIndex", "RowFilters"]),
        .testTarget(name: "TextAnalysisTests", dependencies: ["TextAnalysis"]),
        .testTarget(name: "LexicalIndexTests", dependencies: ["LexicalIndex", "RowFilters", "TextAnalysis"]),
        .testTarget(
            name: "EmbeddingsTests", dependencies: ["Embeddings", "TextAnalysis", "CVectorKernels", "TestSupport", .nioCore, .nioHTTP1],
            exclude: ["Fixtures"]),
        .testTarget(name: "ExtractionTests", dependencies: ["Extraction", "TextAnalysis", "TestSupport"]),
        .testTarget(name: "StorageTests", dependencies: ["Storage", "Domain", "Postgres", "TestSupport", .logging]),
        .testTarget(name: "AccountsTests", dependencies: ["Accounts", "Storage", "Domain", "TestSupport", .crypto, .logging]),
        .testTarget(
            name: "IngestionTests",
            dependencies: [
                "bunko", "Ingestion", "Embeddings", "Extraction", "Storage", "Domain", "TestSupport", "TextAnalysis", .logging,
                .serviceLifecycle,
            ]),
        .testTarget(
            name: "RetrievalTests",
            dependencies: [
                "Retrieval", "Embeddings", "VectorIndex", "LexicalIndex", "RowFilters", "Storage", "Postgres", "Domain", "TestSupport",
                .logging, .serviceLifecycle,
            ]),
        .testTarget(
            name: "OperationsTests",
            dependencies: ["Operations", "EmbeddedPostgres", "Storage", "Postgres", "Domain", "TestSupport", .logging, .serviceLifecycle]),
        .testTarget(name: "EvaluationTests", dependencies: ["Evaluation", "Domain"]),
        .testTarget(name: "ContextAssemblyTests", dependencies: ["ContextAssembly", "Retrieval", "Domain", "TextAnalysis"]),
        .testTarget(
            name: "ServerTests",
            dependencies: [
                "bunko", "Server", "Accounts", "ContextAssembly", "Embeddings", "Extraction", "Ingestion", "Operations", "Retrieval",
                "Storage",
                "Domain", "TestSupport",
                .hummingbird, .hummingbirdTesting, .httpTypes, .logging, .nioCore,
            ]),
        .testTarget(
            name: "BunkoTests",
            dependencies: ["bunko", "Domain", "TestSupport", "VectorIndex", .asyncHTTPClient, .crypto, .nioCore, .nioHTTP1, .nioPosix]),
    ],
    swiftLanguageModes: [.v6]
)

extension Target.Dependency {
    static var argumentParser: Self { .product(name: "ArgumentParser", package: "swift-argument-parser") }
    static var asyncHTTPClient: Self { .product(name: "AsyncHTTPClient", package: "async-http-client") }
    static var configuration: Self { .product(name: "Configuration", package: "swift-configuration") }
    static var crypto: Self { .product(name: "Crypto", package: "swift-crypto") }
    static var deque: Self { .product(name: "DequeModule", package: "swift-collections") }
    static var httpTypes: Self { .product(name: "HTTPTypes", package: "swift-http-types") }
    static var hummingbird: Self { .product(name: "Hummingbird", package: "hummingbird") }
    static var hummingbirdTesting: Self { .product(name: "HummingbirdTesting", package: "hummingbird") }
    static var jwtKit: Self { .product(name: "JWTKit", package: "jwt-kit") }
    static var logging: Self { .product(name: "Logging", package: "swift-log") }
    static var nioCore: Self { .product(name: "NIOCore", package: "swift-nio") }
    static var nioHTTP1: Self { .product(name: "NIOHTTP1", package: "swift-nio") }
    static var nioPosix: Self { .product(name: "NIOPosix", package: "swift-nio") }
    static var systemPackage: Self { .product(name: "SystemPackage", package: "swift-system") }
    static var unixSignals: Self { .product(name: "UnixSignals", package: "swift-service-lifecycle") }
    static var yams: Self { .product(name: "Yams", package: "Yams") }
    static var serviceLifecycle: Self { .product(name: "ServiceLifecycle", package: "swift-service-lifecycle") }
}

// One loop sets what holds for every room.
for target in package.targets where target.type != .system && target.type != .plugin {
    var settings = target.swiftSettings ?? []
    settings.append(.enableUpcomingFeature("ExistentialAny"))
    if Context.environment["BUNKO_WARNINGS_AS_ERRORS"] == "1" {
        settings.append(.unsafeFlags(["-warnings-as-errors"]))
    }
    target.swiftSettings = settings
}
