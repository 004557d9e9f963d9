import ArgumentParser
import SwiftNN

struct Plan: ConsoleCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan",
        abstract: "Show which networks fit in a given amount of RAM, and on which boards.",
        discussion: """
            Training needs RAM for its arena, and \(Plan.stackBytes) bytes for the stack and everything else. It reads \
            the images in pieces, so they need no RAM. Prediction needs little RAM, and flash for the model and \
            \(Plan.programBytes) bytes of program. Of a board's RAM, only the largest contiguous block counts. A board \
            computes f64 in software unless its FPU is double.

            EXAMPLES
              nn-cli plan
              nn-cli plan --examples 100 --ram 64K
            """
    )

    /// The core takes at most 1 KiB of stack; the rest is for the program itself.
    static let stackBytes = 2048
    static let programBytes = 16384
    static let mostExamples = 1_000_000

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Number of training images, 1 to 1000000.", valueName: "m"))
    var examples = 209

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("RAM in bytes, or with K, KB, KiB, M, MB or MiB; K is 1024.", valueName: "size"))
    var ram = "192K"

    @Flag(help: "Print one JSON object.")
    var json = false

    @OptionGroup var console: ConsoleOptions

    func validate() throws {
        guard 1...Self.mostExamples ~= examples else {
            throw ValidationError("--examples: expected 1 to \(Self.mostExamples), got \(examples)")
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

/// A size such as 196608, 192K, 192kb, 192KiB or 1M; nil for anything that is not a whole number above 0.
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
