// swift-tools-version: 6.2
import PackageDescription

let package = Package(
    name: "SwiftNN",
    platforms: [.macOS(.v15)],
    products: [
        .library(name: "CNNKernel", targets: ["CNNKernel"]),
        .library(name: "NNInference", targets: ["NNInference"]),
        .library(name: "SwiftNN", targets: ["SwiftNN"]),
        .library(name: "NNData", targets: ["NNData"]),
        .library(name: "NNHDF5", targets: ["NNHDF5"]),
        .executable(name: "nn-cli", targets: ["nn-cli"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
    ],
    targets: [
        .target(
            name: "CNNKernel",
            path: ".",
            sources: ["Sources/CNNKernel"],
            publicHeadersPath: "include"
        ),
        .target(name: "NNInference", dependencies: ["CNNKernel"], swiftSettings: memorySafety),
        .target(name: "NNText", swiftSettings: memorySafety),
        .target(
            name: "SwiftNN", dependencies: ["CNNKernel", "NNInference", "NNText"], swiftSettings: memorySafety
        ),
        .systemLibrary(
            name: "CHDF5", pkgConfig: "hdf5",
            providers: [.apt(["libhdf5-dev"]), .yum(["hdf5-devel"]), .brew(["hdf5"])]
        ),
        .systemLibrary(
            name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"]), .yum(["zlib-devel"])]
        ),
        .systemLibrary(
            name: "CPNG", pkgConfig: "libpng",
            providers: [.apt(["libpng-dev"]), .yum(["libpng-devel"]), .brew(["libpng"])]
        ),
        .systemLibrary(
            name: "CJPEG", pkgConfig: "libjpeg",
            providers: [.apt(["libjpeg-dev"]), .yum(["libjpeg-turbo-devel"]), .brew(["jpeg-turbo"])]
        ),
        .systemLibrary(
            name: "CWebP", pkgConfig: "libwebp",
            providers: [.apt(["libwebp-dev"]), .yum(["libwebp-devel"]), .brew(["webp"])]
        ),
        .target(name: "CSHA256"),
        .target(name: "CImage", dependencies: ["CPNG", "CJPEG", "CWebP", "CZlib"]),
        .target(
            name: "NNData",
            dependencies: [
                "NNText", "CImage", "CSHA256", "CZlib",
                .product(name: "SystemPackage", package: "swift-system"),
            ]
        ),
        .target(name: "CHDF5Reader", dependencies: ["CHDF5", "CZlib"]),
        .target(
            name: "NNHDF5",
            dependencies: [
                "NNData", "CHDF5", "CHDF5Reader", .product(name: "SystemPackage", package: "swift-system"),
            ]
        ),
        .target(name: "CBuiltInModel", exclude: ["cat.nnk"]),
        .executableTarget(
            name: "nn-cli",
            dependencies: [
                "SwiftNN", "NNData", "NNHDF5", "CBuiltInModel",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "SystemPackage", package: "swift-system"),
            ]
        ),
        .testTarget(name: "SwiftNNTests", dependencies: ["SwiftNN"]),
        .testTarget(
            name: "NNDataTests", dependencies: ["NNData", "NNHDF5", "CHDF5", "CHDF5Reader", "CZlib"]),
        .testTarget(
            name: "CLITests", dependencies: ["nn-cli", "SwiftNN", "NNData", "NNHDF5", "CHDF5", "CZlib"]),
    ],
    swiftLanguageModes: [.v6],
    cLanguageStandard: .gnu11
)

/// Unsafe expressions are marked as such. Lifetimes: for views of memory that someone else owns.
var memorySafety: [SwiftSetting] { [.strictMemorySafety(), .enableExperimentalFeature("Lifetimes")] }
