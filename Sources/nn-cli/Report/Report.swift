import ArgumentParser
import NNData
import SwiftNN

struct Report: ConsoleCommand {
    static let configuration = CommandConfiguration(
        commandName: "report",
        abstract: "Write a web page that shows how well a model does.",
        discussion: """
            The page needs no other file and no network. It shows accuracies with confidence intervals, \
            mislabeled images, and the weights of the first layer. The page of train --report also shows the costs.

            EXAMPLES
              nn-cli report test.h5
              nn-cli report -m cats.nnk test.h5 --train train.h5 -o cats.html
            """
    )

    @OptionGroup var modelOption: ModelOption

    @OptionGroup var testData: DataArgument

    @Option(
        help: ArgumentHelp(
            "Images that the model was trained on: a folder or a data set (HDF5).", valueName: "data"),
        completion: .file())
    var train: String?

    @OptionGroup var dataOptions: DataOptions

    @Option(
        name: [.customShort("o"), .long],
        help: ArgumentHelp("Page to write (HTML); - is standard output.", valueName: "file"),
        completion: .file())
    var output = "report.html"

    @OptionGroup var console: ConsoleOptions

    func validate() throws {
        for input in [modelOption.model, testData.path, train].compactMap({ $0 })
        where output != "-" && OutputFile.isSameFile(input, output) {
            throw ValidationError("--output: expected a file other than the inputs, got \(output)")
        }
    }

    func run() throws {
        let file = try OutputFile(output)
        let network = try ModelFile.load(modelOption.model)
        var results = [try evaluate(network, testData.path, .test, name: "Test")]
        if let train {
            let training = try evaluate(network, train, .train, name: "Training")
            try check(network, wasTrainedOn: training.data)
            results.append(training)
        }
        let page = ReportPage(
            path: modelOption.model, network: network, results: results, run: nil,
            command: network.trainingCommand(
                data: train, test: testData.path, options: dataOptions, output: modelOption.model))
        let bytes = Array(page.html.text.utf8)
        try file.write(bytes)
        Console.note("wrote \(output) (\(bytes.count) bytes)")
    }

    private func evaluate(
        _ network: Network, _ path: String, _ role: DataSetRole, name: String
    ) throws -> ReportPage.Results {
        let source = try DataSource(path, dataOptions, like: network.classNames)
        try source.check("--output", output)
        let data = try source.read(role, isAsked: role == .train)
        try data.checkClasses(of: path, are: network.classNames, of: modelOption.model)
        let evaluation = try ModelFile.blaming(modelOption.model) { try network.evaluate(Examples(data)) }
        return ReportPage.Results(name: name, path: path, data: data, evaluation: evaluation)
    }

    private func check(_ network: Network, wasTrainedOn data: DataSet) throws {
        let crc = try Examples(data).crc
        guard let origin = network.origin, crc != origin.dataCRC else { return }
        throw FileError(
            .badData, file: train!,
            expected: "the \(counted(origin.examples, "image")) that \(modelOption.model) was trained on "
                + "(CRC-32 \(origin.dataCRCText))",
            found: "\(counted(data.count, "image")) with CRC-32 \(crcText(crc))")
    }
}
