// swift-tools-version: 6.2
// The tests of misuse as a package that depends on SwiftNN alone. scripts/check-swift.sh runs it with the address
// sanitizer, in far less time than the whole package takes to build.
import PackageDescription

let package = Package(
    name: "sanitized",
    platforms: [.macOS(.v15)],
    dependencies: [.package(name: "SwiftNN", path: "../..")],
    targets: [
        .testTarget(
            name: "SanitizedTests", dependencies: [.product(name: "SwiftNN", package: "SwiftNN")],
            path: "Tests")
    ]
)
