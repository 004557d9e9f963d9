import ArgumentParser
import NNData
import NNHDF5

struct Synth: ConsoleCommand {
    static let configuration = CommandConfiguration(
        commandName: "synth",
        abstract: "Write the built-in drawings as data sets.",
        discussion: """
            These are the drawings that train uses without --train. The folder will contain train.h5 with 209 \
            images, test.h5 with 50 others, and these 50 as raw images such as 07-cat.bin.

            EXAMPLES
              nn-cli dataset synth -o drawings
              nn-cli train --train drawings/train.h5 --test drawings/test.h5
              nn-cli predict drawings/*.bin
            """
    )

    @Option(
        name: [.customShort("o"), .long],
        help: ArgumentHelp("Folder to write to; created if it is missing.", valueName: "folder"),
        completion: .directory)
    var output: String

    @OptionGroup var console: ConsoleOptions

    func validate() throws {
        guard output != "-" else {
            throw ValidationError("--output: expected a folder, got - (standard output)")
        }
    }

    func run() throws {
        try OutputFile.makeFolder(output)
        let test = DrawnData.test
        try OutputFile("\(output)/train.h5").write(DrawnData.training.hdf5(role: .train))
        try OutputFile("\(output)/test.h5").write(test.hdf5(role: .test))
        for index in 0..<test.count {
            let number = index < 10 ? "0\(index)" : "\(index)"
            let name = "\(output)/\(number)-\(test.classes[Int(test.labels[index])]).bin"
            try OutputFile(name).write(Array(test.image(index)))
        }
        Console.note("wrote \(output): train.h5, test.h5 and \(test.count) images")
    }
}
