// swift-tools-version: 6.1
import PackageDescription

// A package of its own, so that the product carries no fuzzer. The rooms are links: all their code is instrumented, and nothing else is
// resolved or built. `make fuzz` passes the sanitizers.
let package = Package(
    name: "bunko-fuzz",
    targets: [
        .systemLibrary(name: "CBLAS"),
        .systemLibrary(name: "CLAPACKE"),
        .target(name: "CVectorKernels"),
        .target(name: "VectorIndex", dependencies: ["CVectorKernels", "CBLAS", "CLAPACKE"]),
        .target(name: "CFuzzer"),
        .executableTarget(name: "fuzz-snapshot", dependencies: ["CFuzzer", "VectorIndex"]),
    ],
    swiftLanguageModes: [.v6]
)
