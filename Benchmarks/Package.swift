// swift-tools-version: 6.1
import PackageDescription

// A package of its own, so that the product carries no benchmark code.
let package = Package(
    name: "bunko-benchmarks",
    dependencies: [
        .package(name: "bunko", path: "../"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        // Without its traits: they bring libraries that count allocations, which nothing here does.
        .package(url: "https://github.com/ordo-one/benchmark", from: "1.38.1", traits: []),
    ],
    targets: [
        .executableTarget(
            name: "bench",
            dependencies: [
                .product(name: "Cache", package: "bunko"),
                .product(name: "CBLAS", package: "bunko"),
                .product(name: "Embeddings", package: "bunko"),
                .product(name: "VectorDatasets", package: "bunko"),
                .product(name: "VectorIndex", package: "bunko"),
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
                "CStageClock",
            ],
            // The kernels between the stages of a query are called through CStageClock, in this program only.
            linkerSettings: [
                .unsafeFlags(["bunko_quantize", "bunko_scan", "bunko_rerank"].flatMap { ["-Xlinker", "--wrap=\($0)"] })
            ]),
        .target(name: "CStageClock", dependencies: [.product(name: "VectorIndex", package: "bunko")]),
        .executableTarget(
            name: "Kernels",
            dependencies: [
                .product(name: "VectorIndex", package: "bunko"),
                .product(name: "Benchmark", package: "benchmark"),
            ],
            path: "Benchmarks/Kernels",
            plugins: [.plugin(name: "BenchmarkPlugin", package: "benchmark")]),
    ],
    swiftLanguageModes: [.v6]
)
