import ArgumentParser
import NNData
import SwiftNN

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

@main
struct NNCLI: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "nn-cli",
        abstract: "Train a small neural network and classify images with it.",
        discussion: """
            EXAMPLES
              nn-cli teach photos                     make a detector from photos
              nn-cli predict photo.jpg                classify a photo with model.nnk
              nn-cli cross-validate photos --center   judge the options of train
              nn-cli train                            train on built-in drawings
              nn-cli export --format c-header --i8    write the model for a board

            EXIT CODES
              0 done   1 --min-accuracy not reached, or not reproduced   64 usage error   65 bad data
              66 missing input   70 internal error   74 reading or writing failed
              130 interrupted
            """,
        version: Version.text,
        // Each command states its commandName. To derive it from the type's name takes a tenth of a prediction's time.
        subcommands: [
            Teach.self, Train.self, CrossValidate.self, Reproduce.self, Predict.self, Evaluate.self,
            Report.self,
            Inspect.self, Export.self, Import.self, DataSetCommand.self, Plan.self,
        ]
    )

    static func main() {
        StandardStreams.prepare()
        let (start, words) = (ContinuousClock.now, arguments)
        do {
            // --color comes first: it also holds for messages about wrong arguments.
            if let index = words.firstIndex(of: "--color"), index + 1 < words.endIndex {
                ConsoleOptions.Color(rawValue: words[index + 1]).map { Console.configure($0) }
            }
            try checkName(words, of: Self.self)
            var command = try parseAsRoot(Array(words))
            if let command = command as? any ConsoleCommand { Console.configure(command.console) }
            Console.watchInputs()
            try command.run()
            Console.detail("\(rounded(seconds(since: start), places: 3)) s in all")
        } catch {
            exit(withError: ExitCode(tell(Ending(of: error))))
        }
    }

    /// - Returns: the exit code.
    private static func tell(_ ending: Ending) -> Int32 {
        guard let message = ending.message else { return ending.code }
        guard ending.code == 0 else {
            Console.error(message, advice: ending.advice)
            return ending.code
        }
        do throws(FileError) {
            // Many lines, with nothing from elsewhere in them.
            try OutputFile.print(message)
            return 0
        } catch {
            return tell(Ending(of: error))
        }
    }
}

extension NNCLI {
    /// The words after the name of the program. `CommandLine.arguments` replaces what is not UTF-8: a path would lead to
    /// another file.
    private static var arguments: ArraySlice<String> {
        UnsafeBufferPointer(start: CommandLine.unsafeArgv, count: Int(CommandLine.argc)).dropFirst()
            .map {
                PathText.text(
                    UnsafeBufferPointer(start: $0!, count: strlen($0!)).map(UInt8.init(bitPattern:)))
            }[...]
    }

    /// Names a wrong command. ArgumentParser would complain about the words after it instead.
    private static func checkName(_ words: ArraySlice<String>, of command: any ParsableCommand.Type) throws {
        let commands = command.configuration.subcommands
        guard let word = words.first, !word.hasPrefix("-"), !commands.isEmpty else { return }
        if word == "help", command == Self.self { return try checkName(words.dropFirst(), of: command) }
        let names = commands.compactMap { $0.configuration.commandName }
        if let index = names.firstIndex(of: word) {
            return try checkName(words.dropFirst(), of: commands[index])
        }
        // The parts of dataset are found without it, too: "pack" is "dataset pack".
        let parts = commands.flatMap { group in
            group.configuration.subcommands.compactMap { part in
                part.configuration.commandName.map { (group.configuration.commandName!, $0) }
            }
        }
        let near =
            names.first { distance($0, word) <= 2 }
            ?? parts.first { distance($0.1, word) <= 2 }.map { "\($0) \($1)" }
        throw ValidationError(
            "Unknown command '\(word)'" + (near.map { ". Did you mean '\($0)'?" } ?? ""))
    }

    /// The Levenshtein distance: how many letters to add, remove or replace to turn one word into the other.
    private static func distance(_ a: String, _ b: String) -> Int {
        var row = Array(0...b.count)
        for (i, x) in a.enumerated() {
            var diagonal = row[0]
            row[0] = i + 1
            for (j, y) in b.enumerated() {
                (diagonal, row[j + 1]) = (
                    row[j + 1], min(row[j], row[j + 1], diagonal - (x == y ? 1 : 0)) + 1
                )
            }
        }
        return row[b.count]
    }
}
