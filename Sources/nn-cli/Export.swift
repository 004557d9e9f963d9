import ArgumentParser
import NNData
import SwiftNN

struct Export: ConsoleCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Write a model in a format that other programs read.",
        discussion: """
            c-header: the model file as a C array; --i8 makes it small. One file of the program defines \
            <NAME>_NNK_IMPLEMENTATION before it includes the header, and so the program has the array once.
            i8: a model file that stores the first layer's weights as bytes, a quarter of the size of f32.
            safetensors, npz: arrays named as PyTorch names those of nn.Linear: layers.0.weight and so on.
            onnx: a graph in f32 that takes images as they are, uint8 [N, 64, 64, 3]. --precision f64 keeps the doubles \
            of an f64 model, which few programs compute with.
            safetensors and npz contain the numbers of the model. The bytes of an i8 model become the floats they stand \
            for.

            EXAMPLES
              nn-cli export --format onnx
              nn-cli export --format c-header --i8
              nn-cli export cats.nnk --format i8 -o small.nnk
            """
    )

    enum Format: String, ExpressibleByArgument, CaseIterable {
        case cHeader = "c-header"
        case safetensors, npz, onnx, i8

        var fileExtension: String {
            switch self {
            case .cHeader: "h"
            case .safetensors, .npz, .onnx: rawValue
            case .i8: "i8.nnk"
            }
        }
    }

    @Argument(help: ArgumentHelp("Model to write, as with --model.", valueName: "model"), completion: .file())
    var file: String?

    @OptionGroup var modelOption: ModelOption

    @Option(
        help: ArgumentHelp(
            "Format to write.", valueName: Format.allCases.map(\.rawValue).joined(separator: "|")))
    var format: Format

    @Option(help: "onnx: number type of the graph. (default: f32)")
    var precision: Precision?

    @Option(
        name: [.customShort("o"), .customLong("output")],
        help: ArgumentHelp(
            "File to write; - is standard output. (default: named after the model, as in model.h)",
            valueName: "file"),
        completion: .file())
    var outputPath: String?

    @Flag(
        name: .customLong("i8"),
        help: "c-header: store the first layer's weights as bytes, as format i8 does.")
    var isQuantized = false

    @Option(
        help: ArgumentHelp(
            "c-header: name the array <name>_nnk. (default: named after the file)", valueName: "name"))
    var name: String?

    @OptionGroup var console: ConsoleOptions

    private var model: String { file ?? modelOption.model }

    private var output: String {
        outputPath ?? DefaultOutput.path(for: model, extension: format.fileExtension)
    }

    func validate() throws {
        guard file == nil || modelOption.path == nil else {
            throw ValidationError("--model \(modelOption.path!): expected one model, got \(file!) as well")
        }
        guard !isQuantized || format == .cHeader else {
            throw ValidationError("--i8 works only with --format c-header")
        }
        guard name == nil || format == .cHeader else {
            throw ValidationError("--name works only with --format c-header")
        }
        guard precision == nil || format == .onnx else {
            throw ValidationError("--precision works only with --format onnx")
        }
        if let name, !CHeader.isName(name) {
            throw ValidationError(
                "--name: expected letters, digits and _, not starting with a digit, got \(name)")
        }
        guard output == "-" || !OutputFile.isSameFile(model, output) else {
            throw ValidationError("--output: expected a file other than the model, got \(output)")
        }
    }

    func run() throws {
        let file = try OutputFile(output)
        let bytes = try encoded(ModelFile.load(model))
        try file.write(bytes)
        if !OutputFile.isStandardOutput(output) { Console.note("wrote \(output) (\(bytes.count) bytes)") }
    }

    private func encoded(_ network: Network) throws -> [UInt8] {
        switch format {
        case .i8: try quantized(network).bytes
        case .cHeader: cHeader(isQuantized ? try quantized(network) : network)
        case .safetensors: try tensors(of: network).safetensors()
        case .npz: try tensors(of: network).npz()
        case .onnx:
            try tensors(of: inPrecision(network)).onnx(takesOwnContrastOff: network.takesOwnContrastOff)
        }
    }

    /// The scales of an i8 model are finite, but the weights that its bytes stand for need not be.
    private func tensors(of network: Network) throws -> TensorFile {
        let isI8 = network.elementType == .i8
        guard !isI8 || network.parameters(as: Float.self).allSatisfy(\.isFinite) else { throw tooLarge }
        return TensorFile(network)
    }

    /// The network in the number type that the graph computes with.
    private func inPrecision(_ network: Network) throws -> Network {
        guard precision != .f64 else {
            guard network.elementType == .f64 else {
                throw Failure.usage(
                    "--precision f64: expected an f64 model, got \(model), an \(network.elementType.name) model"
                )
            }
            return network
        }
        guard network.elementType == .f64 else { return network }
        do {
            // Rounded weights are not those that the training gave: they have no origin.
            return try Network(
                topology: network.topology, parameters: network.parameters(as: Float.self),
                classNames: network.classNames, takesOwnContrastOff: network.takesOwnContrastOff,
                expectation: network.expectation)
        } catch .notFinite {
            throw tooLarge
        }
    }

    private func quantized(_ network: Network) throws -> Network {
        do {
            return try network.quantized()
        } catch .alreadyQuantized {
            throw unusable(expected: "an f32 or f64 model", found: "an i8 model")
        } catch .invalidModel {
            throw tooLarge
        }
    }

    private var tooLarge: FileError {
        unusable(expected: "weights within the range of float", found: "larger ones")
    }

    private func unusable(expected: String, found: String) -> FileError {
        FileError(.badData, file: model, expected: expected, found: found)
    }

    private func cHeader(_ network: Network) -> [UInt8] {
        let array =
            "\(name ?? CHeader.name(forFile: OutputFile.isStandardOutput(output) ? model : output))_nnk"
        let topology = network.topology == .deep ? "nnk_deep" : "nnk_two_layer"
        let type = network.elementType.name
        let inference = network.takesOwnContrastOff ? "contrast_inference" : "inference"
        // No line may end with a class name: a backslash at its end would join the next line to the comment.
        return CHeader.encode(
            network.bytes, name: array,
            comment: [
                "A network \(network.topology.text) in \(type), as nn-cli export wrote it: class 0 is "
                    + "\"\(network.classNames[0])\", class 1 \"\(network.classNames[1])\".",
                network.origin.map(Self.description)
                    ?? "Its weights were imported: how they were trained is not known.",
                network.expectation.map { "Expected: \($0.text)." } ?? "It was not judged.",
                "",
                "All files that include this share one array. Exactly one file, in C or C++, defines it:",
                "",
                "    #define \(CHeader.macro(forArray: array)) // before the #include",
                "",
                "The model is used where it lies, with nnkernel/nnkernel.h:",
                "",
                "    nnk_model model;",
                "    nnk_status status = nnk_model_open(&model, \(array), sizeof \(array), &\(topology));",
                "    // then nnk_predict_begin(..., &model, &nnk_\(type)_\(inference))",
                "",
                "The array is little-endian. A big-endian processor opens it by nnk_model_read_step instead,",
                "which swaps the bytes as it reads them, by memcpy(out, \(array) + offset, count).",
            ])
    }

    private static func description(of origin: Network.Origin) -> String {
        "Trained by \(origin.method.name) gradient descent: \(origin.iterations) iterations at rate "
            + "\(origin.learningRate), seed \(origin.seed), \(origin.examples) images of CRC-32 "
            + "\(origin.dataCRCText)."
    }
}
