import CNNKernel

/// Why something could not be done.
public enum NNError: Error, Equatable, Sendable {
    /// An option or a size lies outside its range.
    case invalidOption(name: Option, value: Double, allowed: ClosedRange<Double>)
    /// There is another number of something than there must be.
    case wrongCount(of: Quantity, expected: Int, found: Int)
    /// A label, of the example with this index, is neither 0 nor 1.
    case invalidLabel(UInt8, example: Int)
    /// The weight of the example with this index is below 0, an infinity or no number.
    case invalidWeight(Float, example: Int)
    /// All examples of the class with this index are held out: nothing teaches it.
    case heldOutClass(Int)
    /// There is no example of the class with this index.
    case missingClass(Int)
    /// A class has too few examples for two folds.
    case tooFewExamples(ofClass: Int, expected: Int, found: Int)
    /// An option is no multiple of another number.
    case notAMultiple(name: Option, value: Int, of: Int)
    /// ``TrainingOptions/keepsBest`` is set, but no example is held out.
    case nothingHeldOut
    /// A model to start from that differs in this from the training: its topology, or whether own contrast is taken off.
    case otherStart(Option)
    /// A Gram matrix of other images (``Option/examples``), or for trainings that differ in this.
    case otherGram(Option)
    /// An option that a training with ``TrainingOptions/capacity`` cannot have.
    case notWithCapacity(Option)
    /// A number must be a power of two.
    case notAPowerOfTwo(name: Option, value: Int)
    /// An option that a training with ``TrainingOptions/virtualShards`` cannot have.
    case notWithShards(Option)
    /// A parameter, counted from W1 on, is an infinity or no number.
    case notFinite(parameter: Int)
    /// The weights are bytes already.
    case alreadyQuantized
    /// The network was judged and calibrated already.
    case alreadyJudged
    /// The memory handed over has fewer bytes than are needed.
    case insufficientMemory(expected: Int, found: Int)
    /// The system does not give so many bytes of memory. `Int.max`: more than the address space holds.
    case outOfMemory(bytes: Int)
    /// The memory handed over is not aligned to 8 bytes.
    case misaligned
    /// The run has not come to its end.
    case untrained
    /// A checkpoint of a run that differs in this option, or in the number of examples.
    case otherRun(Option)
    /// A checkpoint of a run on other images or labels.
    case otherImages
    /// A checkpoint of a run with other weights of the examples.
    case otherWeights
    /// The cost is no longer finite, at this iteration: the learning rate is too high.
    case diverged(iteration: Int)
    /// This processor, or a setting of this thread, does not compute floating point as the results rely on.
    case unsupportedFloatingPoint
    /// Bytes that are no usable model or checkpoint.
    case invalidModel(ModelDefect)
    /// The C core refused what SwiftNN should have checked before: a defect of SwiftNN.
    case unexpected(status: Int32)

    /// What ``invalidOption(name:value:allowed:)`` and ``otherRun(_:)`` can be about.
    public enum Option: Equatable, Sendable {
        /// ``TrainingOptions/threads``, or those of an evaluation
        case threads
        /// The sizes of the layers
        case topology
        /// The numbers that training computes with
        case precision
        /// How the weights of the first layer are computed
        case method
        /// Whether the dual method takes the least memory
        case usesLeastMemory
        /// How the initial weights are drawn
        case initializer
        /// Seed of the initial weights
        case seed
        /// Gradient steps
        case iterations
        /// Iterations between two costs
        case costEvery
        /// The size of a step
        case learningRate
        /// Whether the mean of the images is taken off
        case centersImages
        /// Whether each image's own brightness and contrast are taken off
        case takesOwnContrastOff
        /// How images are mirrored
        case mirror
        /// How fast weights decay
        case weightDecay
        /// Bytes of a row of mirrored images
        case mirrorRow
        /// Bytes of a pixel of mirrored images
        case mirrorPixel
        /// The model that the training started from
        case start
        /// Whether the Gram matrix is shared
        case gram
        /// Whether the best parameters are kept
        case keepsBest
        /// Room for examples that come and go
        case capacity
        /// How many parts the sums over examples have
        case virtualShards
        /// The iteration whose parameters were kept
        case keptIteration
        /// How many folds
        case folds
        /// ``Folds/block``
        case block
        /// How often a cross-validation is repeated
        case repeats
        /// A number of what to expect of a network
        case expectation
        /// The number of examples
        case examples
        /// Bytes of one image
        case inputs
        /// The number of layers
        case layers
        /// Units of a hidden layer
        case units
        /// Units of the last layer
        case outputs
    }

    /// What ``wrongCount(of:expected:found:)`` can be about.
    public enum Quantity: Equatable, Sendable {
        /// Bytes of one image; of one that is fed in pieces, those so far
        case bytesOfImage
        /// Bytes of all images together
        case bytesOfImages
        /// Labels
        case labels
        /// Weights of examples
        case exampleWeights
        /// Names of classes
        case classNames
        /// Weights and biases
        case parameters
        /// Recipes to compare
        case recipes
    }
}

/// What is wrong with the bytes of a model or a checkpoint, in the order in which it is checked.
public enum ModelDefect: Error, Equatable, Sendable {
    /// There are fewer bytes than the header has, or than it says.
    case truncated
    /// The first four bytes are not those of a model.
    case notAModel
    /// The header's checksum is wrong.
    case damagedHeader
    /// A later version of the format.
    case laterVersion
    /// Another kind of file than asked for, such as a checkpoint, or weights of another type.
    case otherKind
    /// Layers of other sizes than asked for.
    case otherTopology
    /// Another number of bytes than its layers and its type take.
    case wrongSize
    /// The checksum of the weights is wrong.
    case damagedWeights
    /// A weight or bias is infinite or NaN, the scale of a row of bytes is negative, or they are so large that
    /// computing with them overflows.
    case unusableWeights
}

extension NNError {
    /// Throws if a call of the core failed. Zero and above pass.
    @inline(__always)
    package static func check(_ status: nnk_status, iteration: Int = 0) throws(NNError) {
        if status < 0 { throw NNError(status, iteration: iteration) }
    }

    /// The one place where the core's codes (status.h) become errors.
    package init(_ status: nnk_status, iteration: Int = 0) {
        self =
            switch status {
            case NNK_E_ALIGN: .misaligned
            case NNK_E_STATE: .untrained
            case NNK_E_DIVERGED: .diverged(iteration: iteration)
            case NNK_E_FLOAT: .unsupportedFloatingPoint
            case NNK_E_LENGTH: .invalidModel(.truncated)
            case NNK_E_MAGIC: .invalidModel(.notAModel)
            case NNK_E_HEADER: .invalidModel(.damagedHeader)
            case NNK_E_VERSION: .invalidModel(.laterVersion)
            case NNK_E_KIND: .invalidModel(.otherKind)
            case NNK_E_TOPOLOGY: .invalidModel(.otherTopology)
            case NNK_E_SIZE: .invalidModel(.wrongSize)
            case NNK_E_PAYLOAD: .invalidModel(.damagedWeights)
            case NNK_E_PARAMETER: .invalidModel(.unusableWeights)
            default: .unexpected(status: status)
            }
    }

    /// Throws ``invalidOption(name:value:allowed:)`` unless the value lies in the range.
    package static func check(
        _ value: Int, _ name: Option, _ allowed: ClosedRange<Int>
    ) throws(NNError) {
        guard allowed.lowerBound <= value && value <= allowed.upperBound else {
            throw .invalidOption(
                name: name, value: Double(value),
                allowed: Double(allowed.lowerBound)...Double(allowed.upperBound))
        }
    }

    /// Throws ``wrongCount(of:expected:found:)`` unless there are as many as there must be.
    package static func check(
        countOf quantity: Quantity, _ found: Int, expected: Int
    ) throws(NNError) {
        guard found == expected else { throw .wrongCount(of: quantity, expected: expected, found: found) }
    }
}
