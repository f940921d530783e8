// swift-tools-version: 6.1
import PackageDescription

// A package of its own, so that the product carries no benchmark code.
let package = Package(
    name: "bunko-benchmarks",
    dependencies: [
        .package(name: "bunko", path: "../"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    ],
    targets: [
        .executableTarget(
            name: "bench",
            dependencies: [
                .product(name: "VectorDatasets", package: "bunko"),
                .product(name: "VectorIndex", package: "bunko"),
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ])
    ],
    swiftLanguageModes: [.v6]
)
