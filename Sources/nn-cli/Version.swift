/// What `--version` prints, and what reports name as their writer.
enum Version {
    static let number = "0.1.0"

    static var text: String { "nn-cli \(number) (\(source), \(build))" }

    /// `git archive` writes the commit here (.gitattributes). A clone may have changes, so it names no commit.
    private static let commit = "$Format:%H$"

    private static var source: String {
        commit.hasPrefix("$") ? "development version" : "commit \(commit.prefix(12))"
    }

    private static var build: String {
        #if DEBUG
            "debug build"
        #else
            "release build"
        #endif
    }
}
