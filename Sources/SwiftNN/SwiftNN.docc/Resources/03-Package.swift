// swift-tools-version: 6.2
import PackageDescription

let package = Package(
    name: "detector",
    platforms: [.macOS(.v15)],
    dependencies: [.package(path: "SwiftNN")],
    targets: [
        .executableTarget(
            name: "detector", dependencies: [.product(name: "SwiftNN", package: "SwiftNN")], path: ".",
            sources: ["main.swift"])
    ]
)
