// swift-tools-version: 6.1
import PackageDescription

// A package of its own, so that the product carries no fuzzer. The rooms are links: all their code is instrumented, and nothing else is
// resolved or built. Of the Server room, which needs other packages, only the parser of uploads is linked. `make fuzz` passes the
// sanitizers.
let package = Package(
    name: "bunko-fuzz",
    targets: [
        .systemLibrary(name: "CBLAS"),
        .systemLibrary(name: "CLAPACKE"),
        .systemLibrary(name: "CICU", pkgConfig: "icu-i18n"),
        .systemLibrary(name: "CCommonMark", pkgConfig: "libcmark-gfm"),
        .systemLibrary(name: "CArchive", pkgConfig: "libarchive"),
        .systemLibrary(name: "CXML", pkgConfig: "libxml-2.0"),
        .target(name: "CVectorKernels"),
        .target(name: "Domain"),
        .target(name: "RowFilters", dependencies: ["CVectorKernels"]),
        .target(name: "VectorIndex", dependencies: ["RowFilters", "CVectorKernels", "CBLAS", "CLAPACKE"]),
        .target(name: "TextAnalysis", dependencies: ["CICU"]),
        .target(name: "Extraction", dependencies: ["TextAnalysis", "CCommonMark", "CArchive", "CXML", "CICU"]),
        .target(name: "ServerMultipart", dependencies: ["Domain"]),
        .target(name: "CFuzzer"),
        .executableTarget(
            name: "fuzz", dependencies: ["CFuzzer", "Domain", "Extraction", "ServerMultipart", "RowFilters", "TextAnalysis", "VectorIndex"]),
    ],
    swiftLanguageModes: [.v6]
)
