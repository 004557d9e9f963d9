// swift-tools-version: 6.2
import PackageDescription

let swiftNN = Target.Dependency.product(name: "SwiftNN", package: "SwiftNN")

let package = Package(
    name: "First",
    platforms: [.macOS(.v15)],
    dependencies: [.package(name: "SwiftNN", path: "../..")],
    targets: [
        .executableTarget(name: "First", dependencies: [swiftNN]),
        .executableTarget(name: "OwnTopology", dependencies: [swiftNN]),
    ]
)
