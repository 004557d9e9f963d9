import SystemPackage

/// Where a command writes without --output: a file in the current folder that is named after the input.
enum DefaultOutput {
    /// photos/cats.v2.h5 with extension png gives cats.v2.png. An input without a name, such as standard input, is
    /// called model.
    static func path(for input: String, extension: String) -> String {
        "\(component(of: input)?.stem ?? "model").\(`extension`)"
    }

    /// The last part of a path; nil where that is no name, as in ., .., / and -.
    static func name(of path: String) -> String? { component(of: path)?.string }

    private static func component(of path: String) -> FilePath.Component? {
        FilePath(path).lastComponent.flatMap { $0.kind == .regular && $0 != "-" ? $0 : nil }
    }
}
