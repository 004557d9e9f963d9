// swift-tools-version: 6.2
import PackageDescription

let package = Package(
    name: "embedded-swift",
    dependencies: [.package(name: "SwiftNN", path: "../..")],
    targets: [
        .target(name: "Board"),
        .executableTarget(
            name: "Firmware", dependencies: ["Board", .product(name: "NNInference", package: "SwiftNN")]),
    ],
    cLanguageStandard: .gnu11
)
