import CNNKernel

extension NNError: CustomStringConvertible {
    /// One sentence, without a full stop.
    public var description: String {
        switch self {
        case .invalidOption(let name, let value, let allowed):
            "\(name.text): expected \(Self.text(allowed)), found \(Self.text(value))"
        case .wrongCount(let quantity, let expected, let found):
            "expected \(expected) \(quantity.text), found \(found)"
        case .invalidLabel(let label, let example):
            "expected label 0 or 1, found \(label) for example \(example)"
        case .invalidWeight(let weight, let example):
            "expected a finite weight of 0 or above, found \(weight) for example \(example)"
        case .heldOutClass(let index):
            "all examples of class \(index) are held out, so nothing teaches it"
        case .missingClass(let index):
            "there are no examples of class \(index), so there is nothing to tell apart"
        case .tooFewExamples(let index, let expected, let found):
            "expected \(expected) examples of class \(index) or more, found \(found)"
        case .notAMultiple(let name, let value, let unit):
            "\(name.text): expected a multiple of \(unit), found \(value)"
        case .nothingHeldOut: "no example is held out, so none can tell which parameters are the best"
        case .otherStart(let option): "the model to start from has another \(option.text)"
        case .otherGram(.examples): "the Gram matrix is of other images"
        case .otherGram(let option): "the Gram matrix is for trainings with another \(option.text)"
        case .notWithCapacity(let option): "examples cannot come and go with this \(option.text)"
        case .notAPowerOfTwo(let name, let value): "\(name.text): expected a power of two, found \(value)"
        case .notWithShards(let option): "there are no virtual shards with this \(option.text)"
        case .notFinite(let parameter): "parameter \(parameter) is not finite"
        case .alreadyQuantized: "the weights are bytes already"
        case .alreadyJudged: "the network was judged and calibrated already"
        case .insufficientMemory(let expected, let found):
            "expected \(expected) bytes of memory, found \(found)"
        case .outOfMemory(let bytes): "the system does not give \(bytes) bytes of memory"
        case .misaligned: "the address of the memory is not a multiple of 8"
        case .untrained: "the training has not ended yet"
        case .otherRun(let option): "the checkpoint is of a run with another \(option.text)"
        case .otherImages: "the checkpoint is of a run on other images or labels"
        case .otherWeights: "the checkpoint is of a run with other weights of the examples"
        case .diverged(let iteration): "the cost is no longer finite after iteration \(iteration)"
        case .unsupportedFloatingPoint: "floating point does not compute as the results rely on"
        case .invalidModel(let defect): "unusable file: \(defect.text)"
        case .unexpected(let status): "internal error: status \(status) of the C core"
        }
    }

    private static func text(_ number: Double) -> String {
        Int(exactly: number).map(String.init) ?? "\(number)"
    }

    private static func text(_ range: ClosedRange<Double>) -> String {
        range == positive
            ? "a finite number above 0" : "\(text(range.lowerBound))...\(text(range.upperBound))"
    }

    /// Throws ``invalidOption(name:value:allowed:)`` or ``notAPowerOfTwo(name:value:)`` for a number of virtual shards that
    /// no training has.
    static func check(virtualShards shards: Int) throws(NNError) {
        try check(shards, .virtualShards, 1...Int(NNK_MAX_SHARDS))
        guard shards & (shards - 1) == 0 else { throw .notAPowerOfTwo(name: .virtualShards, value: shards) }
    }

    /// All finite numbers above 0.
    static let positive = Double.leastNonzeroMagnitude...Double.greatestFiniteMagnitude

    /// Throws ``invalidOption(name:value:allowed:)`` unless the value is finite and above 0.
    static func check(positive value: Double, _ name: Option) throws(NNError) {
        guard positive ~= value else {
            throw .invalidOption(name: name, value: value, allowed: positive)
        }
    }
}

extension NNError.Option {
    fileprivate var text: String {
        switch self {
        case .threads: "number of threads"
        case .topology: "topology"
        case .precision: "precision"
        case .method: "method"
        case .usesLeastMemory: "choice between least memory and speed"
        case .initializer: "initializer"
        case .seed: "seed"
        case .iterations: "number of iterations"
        case .costEvery: "number of iterations between two costs"
        case .learningRate: "learning rate"
        case .centersImages: "choice whether the mean of the images is taken off"
        case .takesOwnContrastOff: "choice whether each image's own contrast is taken off"
        case .mirror: "choice of mirrored images"
        case .weightDecay: "weight decay"
        case .mirrorRow: "bytes of a row of mirrored images"
        case .mirrorPixel: "bytes of a pixel of mirrored images"
        case .start: "model to start from"
        case .gram: "choice whether the Gram matrix is shared"
        case .keepsBest: "choice whether the best parameters are kept"
        case .capacity: "room for examples that come and go"
        case .virtualShards: "number of virtual shards"
        case .keptIteration: "kept iteration"
        case .folds: "number of folds"
        case .block: "examples of a block"
        case .repeats: "number of repeats"
        case .expectation: "number of what to expect of a network"
        case .examples: "number of examples"
        case .inputs: "bytes of one image"
        case .layers: "number of layers"
        case .units: "units of a hidden layer"
        case .outputs: "units of the last layer"
        }
    }
}

extension NNError.Quantity {
    fileprivate var text: String {
        switch self {
        case .bytesOfImage: "bytes of an image"
        case .bytesOfImages: "bytes of images"
        case .labels: "labels"
        case .exampleWeights: "weights of examples"
        case .classNames: "class names"
        case .parameters: "parameters"
        case .recipes: "recipes"
        }
    }
}

extension ModelDefect {
    fileprivate var text: String {
        switch self {
        case .truncated: "it is cut off"
        case .notAModel: "it is no model"
        case .damagedHeader: "its header is damaged"
        case .laterVersion: "it is of another version"
        case .otherKind: "it is of another kind"
        case .otherTopology: "its layers have other sizes"
        case .wrongSize: "it has more or fewer bytes than its layers need"
        case .damagedWeights: "its weights are damaged"
        case .unusableWeights: "its weights are not finite, or too large"
        }
    }
}
