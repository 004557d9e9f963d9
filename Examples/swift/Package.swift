// swift-tools-version: 6.2
import PackageDescription

let package = Package(
    name: "First",
    platforms: [.macOS(.v15)],
    dependencies: [.package(name: "SwiftNN", path: "../..")],
    targets: [.executableTarget(name: "First", dependencies: [.product(name: "SwiftNN", package: "SwiftNN")])]
)
