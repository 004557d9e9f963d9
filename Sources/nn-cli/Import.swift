import ArgumentParser
import NNData
import SwiftNN

struct Import: ConsoleCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Make a model file from another program's weights.",
        discussion: """
            Reads safetensors, and npz as numpy's savez writes it; the content of the file decides which. It must \
            contain arrays of f32 or f64: layers.0.weight (units, inputs), layers.0.bias (units), layers.1.weight \
            and so on, or W1, b1, W2 and so on. A file that export wrote gives the same model again.

            EXAMPLES
              nn-cli import cats.safetensors -o cats.nnk
              nn-cli import weights.npz -o cats.nnk --class-names non-cat cat
            """
    )

    @Argument(help: "Weights (safetensors or npz); - is standard input.", completion: .file())
    var file: String

    @Option(
        name: [.customShort("o"), .long], help: ArgumentHelp("Model file to write.", valueName: "file"),
        completion: .file())
    var output: String

    @Option(help: "deep: 12288-20-7-5-1; two-layer: 12288-7-1. (default: the one that the arrays fit)")
    var topology: Topology?

    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp(
            "Names of class 0 and class 1. (default: the names in the file, if any)", valueName: "name"))
    var classNames: [String] = []

    @OptionGroup var console: ConsoleOptions

    func validate() throws {
        guard [0, 2].contains(classNames.count) else {
            throw ValidationError("--class-names: expected two names, got \(classNames.count)")
        }
        guard Set(classNames).count == classNames.count || classNames == ["", ""] else {
            throw ValidationError("--class-names: expected two different names, got \(classNames[0]) twice")
        }
        if let name = classNames.first(where: { $0.utf8.count > Network.longestClassName }) {
            throw ValidationError(
                "--class-names: expected at most \(Network.longestClassName) bytes per name, got \(name)")
        }
        guard file == "-" || !OutputFile.isSameFile(file, output) else {
            throw ValidationError("--output: expected a file other than the weights, got \(output)")
        }
    }

    func run() throws {
        let outputFile = try OutputFile(output)
        let bytes = try InputFile.read(file, expected: "a file of safetensors or npz", limit: 1 << 26)
        let path = file == "-" ? "stdin" : file
        let network = try Network(
            TensorFile(bytes: bytes, path: path), path: path,
            topologies: topology.map { [$0] } ?? [.deep, .twoLayer],
            classNames: classNames.isEmpty ? nil : classNames)
        try outputFile.write(network.bytes)
        let (layers, type) = (network.topology.text, network.elementType.name)
        Console.note("wrote \(output): a \(layers) network in \(type) (\(network.bytes.count) bytes)")
    }
}
