/// Where a command writes without --output: a file in the current folder that is named after the input.
enum DefaultOutput {
    /// photos/cats.v2.h5 with extension png gives cats.v2.png. An input without a name, such as standard input, is
    /// called model.
    static func path(for input: String, extension: String) -> String {
        guard let name = name(of: input) else { return "model.\(`extension`)" }
        let dot = name.dropFirst().lastIndex(of: ".") ?? name.endIndex
        return "\(name[..<dot]).\(`extension`)"
    }

    /// The last part of a path; nil where that is no name, as in ., .., / and -.
    static func name(of path: String) -> String? {
        path.split(separator: "/").last.map(String.init).flatMap { [".", "..", "-"].contains($0) ? nil : $0 }
    }
}
