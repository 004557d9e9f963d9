// swift-tools-version: 6.2
import PackageDescription

let package = Package(
    name: "Pictures",
    platforms: [.macOS(.v15)],
    dependencies: [.package(name: "SwiftNN", path: "../..")],
    targets: [
        .executableTarget(name: "Pictures", dependencies: [.product(name: "NNData", package: "SwiftNN")])
    ]
)
