import ArgumentParser
import NNData

struct DataSetCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dataset",
        abstract: "Make data sets and look at them.",
        subcommands: [Pack.self, Shard.self, Show.self, Synth.self]
    )
}
