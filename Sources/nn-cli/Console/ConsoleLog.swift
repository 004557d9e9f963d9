import Logging

/// Messages as lines for people: no dates, and colours where they help.
struct ConsoleLog: LogHandler {
    let isColored: Bool
    var logLevel: Logger.Level
    var metadata: Logger.Metadata = [:]

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let (red, faint) = ("1;31", "2")
        switch event.level {
        case .error...: Console.writeToStandardError("\(colored("Error:", red)) \(event.message)\n")
        case ...Logger.Level.debug: Console.writeToStandardError(colored("\(event.message)", faint) + "\n")
        default: Console.writeToStandardError("\(event.message)\n")
        }
    }

    /// SGR, "select graphic rendition", of ECMA-48.
    private func colored(_ text: String, _ code: String) -> String {
        isColored ? "\u{1b}[\(code)m\(text)\u{1b}[0m" : text
    }
}
