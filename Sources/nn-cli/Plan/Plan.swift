import ArgumentParser
import SwiftNN

struct Plan: ConsoleCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan",
        abstract: "Show which networks fit in a given amount of RAM, and on which boards.",
        discussion: """
            Training needs RAM for its arena, \(Plan.stackBytes) bytes for the stack, and \(Plan.variablesBytes) for the \
            variables of the firmware in Examples/firmware. It reads the images in pieces, so they need no RAM. \
            Prediction needs little RAM, and flash for the model and \(Plan.predictionProgramBytes) bytes of program. Of \
            a board's RAM, only the largest contiguous block counts. A board computes f64 in software unless its FPU is \
            double.

            With --personalize, a board starts from a model in its flash, of f32 or i8, and learns photos of its own: the \
            flash holds that model and \(Plan.trainingProgramBytes) bytes of program. The new model goes to a card, or to \
            as much flash again.

            EXAMPLES
              nn-cli plan
              nn-cli plan --examples 100 --ram 64K
              nn-cli plan --personalize 32 --center --ram 24K
              nn-cli plan --capacity 60 --ram 64K
            """
    )

    /// The core takes less than 1 KiB of stack.
    static let stackBytes = 1024
    /// .data and .bss of Examples/firmware without the arena: the same on each of its boards.
    static let variablesBytes = 1492
    static let predictionProgramBytes = 16384
    /// Examples/firmware takes 40 to 54 KB at -O2.
    static let trainingProgramBytes = 65536
    static let mostExamples = 1_000_000

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Number of training images, 1 to 1000000 (default: 209).", valueName: "m"))
    var examples: Int?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Number of images that a board learns beside a model that it starts from.", valueName: "m"))
    var personalize: Int?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Room for so many images that come and go, as those of a camera do.", valueName: "m"))
    var capacity: Int?

    @Flag(help: "Take the mean of all training images off.")
    var center = false

    @Flag(help: "Take each image's own brightness and contrast off.")
    var ownContrast = false

    @Flag(help: "Also learn each image mirrored.")
    var mirror = false

    @Flag(help: "Keep the parameters with the lowest held-out cost.")
    var keepBest = false

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("RAM in bytes, or with K, KB, KiB, M, MB or MiB; K is 1024.", valueName: "size"))
    var ram = "192K"

    @Flag(help: "Print one JSON object.")
    var json = false

    @OptionGroup var console: ConsoleOptions

    func validate() throws {
        let counts = [
            ("--examples", examples), ("--personalize", personalize), ("--capacity", capacity),
        ].filter { $0.1 != nil }
        if counts.count > 1 {
            throw ValidationError("\(counts[0].0) and \(counts[1].0) cannot be used together")
        }
        let most = Self.mostExamples / (mirror ? 2 : 1)
        for (name, count) in counts where !(1...most ~= count!) {
            throw ValidationError("\(name): expected 1 to \(most), got \(count!)")
        }
        if capacity != nil, mirror || keepBest {
            throw ValidationError(
                "--capacity and \(mirror ? "--mirror" : "--keep-best") cannot be used together")
        }
        guard byteCount(ram) != nil else {
            throw ValidationError("--ram: expected a size such as 131072, 128K or 1M, got \(ram)")
        }
    }

    func run() throws {
        let report = try PlanReport(work, ramBytes: byteCount(ram)!)
        try json ? Console.answer(json: report) : report.print()
    }

    private var work: PlannedWork {
        var options = TrainingOptions()
        options.centersImages = center
        options.takesOwnContrastOff = ownContrast
        options.mirror = mirror ? ImageOptions.mirror : nil
        options.keepsBest = keepBest
        let kind: PlannedWork.Kind =
            personalize != nil ? .personalize : capacity != nil ? .capacity : .train
        return PlannedWork(
            kind: kind, examples: personalize ?? capacity ?? examples ?? 209, options: options)
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
