// swift-tools-version: 6.2
import PackageDescription

let package = Package(
    name: "SwiftNN",
    platforms: [.macOS(.v15)],
    products: [
        .library(name: "CNNKernel", targets: ["CNNKernel"]),
        .library(name: "SwiftNN", targets: ["SwiftNN"]),
        .executable(name: "nn-cli", targets: ["nn-cli"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    ],
    targets: [
        .target(
            name: "CNNKernel",
            path: ".",
            sources: ["Sources/CNNKernel"],
            publicHeadersPath: "include"
        ),
        .target(
            name: "SwiftNN",
            dependencies: ["CNNKernel"],
            swiftSettings: [.enableExperimentalFeature("Lifetimes")]  // views of other people's memory
        ),
        .systemLibrary(
            name: "CHDF5", pkgConfig: hdf5PkgConfig, providers: [.apt(["libhdf5-dev"]), .brew(["hdf5"])]
        ),
        .systemLibrary(
            name: "CCrypto",
            pkgConfig: cryptoPkgConfig,
            providers: [.apt(["libssl-dev"]), .brew(["openssl@3"])]
        ),
        .systemLibrary(
            name: "CPNG", pkgConfig: pngPkgConfig, providers: [.apt(["libpng-dev"]), .brew(["libpng"])]
        ),
        .systemLibrary(
            name: "CJPEG",
            pkgConfig: jpegPkgConfig,
            providers: [.apt(["libjpeg-dev"]), .brew(["jpeg-turbo"])]
        ),
        .target(name: "CImage", dependencies: ["CPNG", "CJPEG"]),
        .target(name: "NNData", dependencies: ["CHDF5", "CCrypto", "CImage"], linkerSettings: archives),
        .target(name: "CBuiltInModel", exclude: ["cat.nnk"]),
        .executableTarget(
            name: "nn-cli",
            dependencies: [
                "SwiftNN", "NNData", "CBuiltInModel",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
            ]
        ),
        .testTarget(name: "SwiftNNTests", dependencies: ["SwiftNN"]),
        .testTarget(name: "NNDataTests", dependencies: ["NNData", "CHDF5"]),
        .testTarget(name: "CLITests", dependencies: ["nn-cli", "SwiftNN", "NNData", "CHDF5"]),
    ],
    swiftLanguageModes: [.v6],
    cLanguageStandard: .gnu11
)

#if os(Linux)
    // Debian's shared libhdf5 brings thirty other libraries (curl, Kerberos, LDAP) for file drivers that are not
    // used here; loading them takes longer than a prediction. Its archive needs few, and those of libcrypto, libpng
    // and libjpeg are small too.
    var hdf5PkgConfig: String? { nil }
    var cryptoPkgConfig: String? { nil }
    var pngPkgConfig: String? { nil }
    var jpegPkgConfig: String? { nil }
    var archives: [LinkerSetting] {
        [":libhdf5_serial.a", ":libcrypto.a", ":libpng16.a", ":libjpeg.a", "sz", "z", "m"]
            .map { .linkedLibrary($0) }
    }
#else
    var hdf5PkgConfig: String? { "hdf5" }
    var cryptoPkgConfig: String? { "libcrypto" }
    var pngPkgConfig: String? { "libpng" }
    var jpegPkgConfig: String? { "libjpeg" }
    var archives: [LinkerSetting] { [.linkedLibrary("z")] }
#endif
