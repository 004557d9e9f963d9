import ArgumentParser

/// The option that says which model to use.
struct ModelOption: ParsableArguments {
    @Option(
        name: [.customShort("m"), .long],
        help: ArgumentHelp(
            "The model to use; - is the standard input, built-in the one that nn-cli has with it.",
            valueName: "file"),
        completion: .file())
    var model = ModelFile.defaultPath
}
