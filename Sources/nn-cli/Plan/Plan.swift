import ArgumentParser
import SwiftNN

struct Plan: ConsoleCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan",
        abstract: "Say what fits in how much memory, to the byte, and on which boards.",
        discussion: """
            Training needs its arena, and \(Plan.stackBytes) bytes for the stack and all else;
            the images may lie elsewhere, as they are read in pieces. Prediction
            needs a little RAM, and the model in flash, beside \(Plan.programBytes) bytes of program.
            Of a board's RAM, only the largest piece counts. What a board can hold
            in f64 it computes in software unless its FPU is double.

            EXAMPLES
              nn-cli plan
              nn-cli plan --examples 100 --ram 64K
            """
    )

    /// The core's calls take 1 KiB of stack at most; the rest is for the program's own.
    static let stackBytes = 2048
    static let programBytes = 16384
    static let mostExamples = 1_000_000

    @Option(
        parsing: .unconditional, help: ArgumentHelp("Images to learn from, 1 ... 1000000.", valueName: "m"))
    var examples = 209

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("RAM in bytes, or in K, KB, KiB or M, MB, MiB: K is 1024.", valueName: "size"))
    var ram = "192K"

    @Flag(help: "Answer with one JSON object.")
    var json = false

    @OptionGroup var console: ConsoleOptions

    func validate() throws {
        guard 1...Self.mostExamples ~= examples else {
            throw ValidationError("--examples: expected 1 ... \(Self.mostExamples), got \(examples)")
        }
        guard byteCount(ram) != nil else {
            throw ValidationError("--ram: expected a size such as 131072, 128K or 1M, got \(ram)")
        }
    }

    func run() throws {
        let report = try PlanReport(examples: examples, ramBytes: byteCount(ram)!)
        try json ? Console.answer(json: report) : report.print()
    }
}

/// 196608, 192K, 192kb, 192KiB, 1M: whole numbers above 0; nil for anything else.
private func byteCount(_ text: String) -> Int? {
    let digits = text.prefix { "0"..."9" ~= $0 }
    let shift: Int
    switch text.dropFirst(digits.count).uppercased() {
    case "": shift = 0
    case "K", "KB", "KIB": shift = 10
    case "M", "MB", "MIB": shift = 20
    default: return nil
    }
    guard let number = Int(digits), number > 0, number <= Int.max >> shift else { return nil }
    return number << shift
}
