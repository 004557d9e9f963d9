/// Where a command writes without --output: to a file in the current folder, named after its input.
enum DefaultOutput {
    /// photos/cats.v2.h5 and png: cats.v2.png. What has no name, such as the standard input, is a model.
    static func path(for input: String, extension: String) -> String {
        guard let name = name(of: input) else { return "model.\(`extension`)" }
        let dot = name.dropFirst().lastIndex(of: ".") ?? name.endIndex
        return "\(name[..<dot]).\(`extension`)"
    }

    /// The last part of a path; nil where that is no name: ., .., / and -.
    static func name(of path: String) -> String? {
        path.split(separator: "/").last.map(String.init).flatMap { [".", "..", "-"].contains($0) ? nil : $0 }
    }
}
