import ArgumentParser

/// The option that names the model.
struct ModelOption: ParsableArguments {
    @Option(
        name: [.customShort("m"), .customLong("model")],
        help: ArgumentHelp(
            "Model to use. - is standard input; built-in is the model that ships with nn-cli. (default: model.nnk)",
            valueName: "file"),
        completion: .file())
    var path: String?

    var model: String { path ?? ModelFile.defaultPath }
}
