import ArgumentParser

/// The options of every command that say which messages it prints, and how.
struct ConsoleOptions: ParsableArguments {
    enum Color: String, ExpressibleByArgument, CaseIterable {
        case auto, always, never
    }

    @Option(help: "Colour the messages. auto: on a terminal, unless NO_COLOR is set.")
    var color = Color.auto

    @Flag(help: "Print only answers and errors.")
    var quiet = false

    @Flag(name: .shortAndLong, help: "Also print each step and how long it takes.")
    var verbose = false

    func validate() throws {
        if quiet && verbose { throw ValidationError("--quiet and --verbose cannot be used together") }
    }
}

/// A command that has these options.
protocol ConsoleCommand: ParsableCommand {
    var console: ConsoleOptions { get }
}
