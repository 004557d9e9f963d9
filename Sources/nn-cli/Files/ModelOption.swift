import ArgumentParser

/// The option that names the model.
struct ModelOption: ParsableArguments {
    @Option(
        name: [.customShort("m"), .long],
        help: ArgumentHelp(
            "Model to use. - is standard input; built-in is the model that ships with nn-cli.",
            valueName: "file"),
        completion: .file())
    var model = ModelFile.defaultPath
}
