import ArgumentParser

/// The options of every command that say how it speaks.
struct ConsoleOptions: ParsableArguments {
    enum Color: String, ExpressibleByArgument, CaseIterable {
        case auto, always, never
    }

    @Option(help: "Colours of messages; auto: on a terminal, unless NO_COLOR is set.")
    var color = Color.auto

    @Flag(help: "Say nothing but answers and errors.")
    var quiet = false

    @Flag(name: .shortAndLong, help: "Say what is done, and how long it takes.")
    var verbose = false

    func validate() throws {
        if quiet && verbose { throw ValidationError("--quiet and --verbose exclude each other") }
    }
}

/// A command that has them.
protocol ConsoleCommand: ParsableCommand {
    var console: ConsoleOptions { get }
}
