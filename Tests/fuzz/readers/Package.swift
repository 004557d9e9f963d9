// swift-tools-version: 6.2
// The fuzzers of the readers in Swift, all in one program, whose name tells which one runs: scripts/fuzz.sh builds it with
// libFuzzer and the address sanitizer.
import PackageDescription

let package = Package(
    name: "readers",
    platforms: [.macOS(.v15)],
    dependencies: [
        .package(name: "SwiftNN", path: "../../.."),
        .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
    ],
    targets: [
        .executableTarget(
            name: "readers",
            dependencies: [
                .product(name: "NNData", package: "SwiftNN"), .product(name: "NNHDF5", package: "SwiftNN"),
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            path: "Sources")
    ]
)
