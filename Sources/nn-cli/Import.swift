import ArgumentParser
import NNData
import SwiftNN

struct Import: ConsoleCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Make a model file from another program's weights.",
        discussion: """
            Reads safetensors, npz as numpy's savez writes it, and ONNX as PyTorch writes it; the content of the file \
            decides which. The network must have the layers 12288-20-7-5-1 or 12288-7-1, and take pixels of 0 to 1. \
            What export wrote gives the same model again, unless its weights were rounded.

            safetensors and npz: weights and biases of f32, f64, f16 or bf16. They may have any names if their shapes \
            tell them apart: weights of (units, inputs), as PyTorch has them, or of (inputs, units), as Keras does; \
            biases of (units). Else they are called layers.0.weight, layers.0.bias, layers.1.weight and so on, or W1, \
            b1, W2 and so on.

            ONNX: a chain of Flatten, Gemm or MatMul and Add, Relu, and Sigmoid or nothing at the end. \
            The input is [N, 3, 64, 64], [N, 64, 64, 3] or [N, 12288], of 0 to 1, or of bytes that the graph divides.

            EXAMPLES
              nn-cli import cats.safetensors -o cats.nnk
              nn-cli import weights.npz -o cats.nnk --class-names non-cat cat
              nn-cli import torch.safetensors -o cats.nnk --channels-first
            """
    )

    @Argument(help: "Weights (safetensors, npz or ONNX); - is standard input.", completion: .file())
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

    @Flag(
        help: """
            safetensors, npz: the first layer was trained on images of (3, 64, 64) that were flattened, as PyTorch loads \
            them.
            """)
    var channelsFirst = false

    @OptionGroup var console: ConsoleOptions

    func validate() throws {
        guard [0, 2].contains(classNames.count) else {
            throw ValidationError("--class-names: expected two names, got \(classNames.count)")
        }
        if !classNames.isEmpty, classNames != ["", ""], let defect = ClassName.defect(of: classNames) {
            throw ValidationError("--class-names: expected \(defect.expected), got \(defect.found)")
        }
        guard file == "-" || !OutputFile.isSameFile(file, output) else {
            throw ValidationError("--output: expected a file other than the weights, got \(output)")
        }
    }

    func run() throws {
        let outputFile = try OutputFile(output)
        let bytes = try TensorFile.bytes(ofFile: file)
        let path = file == "-" ? "stdin" : file
        let weights = try TensorFile(bytes: bytes, path: path)
        guard !channelsFirst || !TensorFile.isONNX(bytes) else {
            throw Failure.usage("--channels-first: \(path) is ONNX, which tells the order of pixels itself")
        }
        let network = try Network(
            weights, path: path, topologies: topology.map { [$0] } ?? [.deep, .twoLayer],
            classNames: classNames.isEmpty ? nil : classNames, channelsFirst: channelsFirst)
        // What export wrote says so itself.
        if weights.metadata["input"] == nil, !channelsFirst, !TensorFile.isONNX(bytes) {
            Console.note(
                "layer 1 is taken to see pixels row by row, R G B; if it saw images of (3, 64, 64), use --channels-first"
            )
        }
        try outputFile.write(network.bytes)
        let (layers, type) = (network.topology.text, network.elementType.name)
        Console.note("wrote \(output): a \(layers) network in \(type) (\(network.bytes.count) bytes)")
    }
}
