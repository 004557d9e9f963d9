import CNNKernel

/// Why something could not be done. Each case stands for one status of the C core (status.h).
public enum NNError: Error, Equatable, Sendable {
    /// A size, count or option lies outside its documented range.
    case invalidArgument
    /// The memory handed over is too small.
    case outOfMemory
    /// The memory handed over is not aligned to 8 bytes.
    case misaligned
    /// A call out of order.
    case outOfOrder
    /// A label is neither 0 nor 1.
    case invalidLabel
    /// The images could not be read.
    case unreadableImages
    /// The model could not be written.
    case unwritableModel
    /// The cost is no longer finite, at this iteration: the learning rate is too high.
    case diverged(iteration: Int)
    /// This processor's floating point does not compute as the results rely on.
    case looseFloatingPoint
    /// Bytes that are no usable model.
    case invalidModel(ModelDefect)
}

/// What is wrong with the bytes of a model, in the order in which it is checked.
public enum ModelDefect: Error, Equatable, Sendable {
    /// Fewer bytes than the header has, or than it says that there are.
    case truncated
    /// The first four bytes are not those of a model.
    case notAModel
    /// The header's checksum is wrong.
    case damagedHeader
    /// A version of the format that this one does not know.
    case laterVersion
    /// Another kind of file, such as a checkpoint, or weights of another type than asked for.
    case otherKind
    /// Layers of other sizes than asked for.
    case otherTopology
    /// Another number of bytes than its layers and its type take.
    case wrongSize
    /// The checksum of the weights is wrong, or they answer with no number.
    case damagedWeights
}

extension NNError {
    /// The one place where the core's codes become errors. Zero and above pass.
    @inline(__always)
    static func check(_ status: nnk_status, iteration: Int = 0) throws(NNError) {
        if status < 0 { throw NNError(status, iteration: iteration) }
    }

    init(_ status: nnk_status, iteration: Int = 0) {
        self =
            switch status {
            case NNK_E_MEMORY: .outOfMemory
            case NNK_E_ALIGN: .misaligned
            case NNK_E_STATE: .outOfOrder
            case NNK_E_LABEL: .invalidLabel
            case NNK_E_SOURCE: .unreadableImages
            case NNK_E_SINK: .unwritableModel
            case NNK_E_DIVERGED: .diverged(iteration: iteration)
            case NNK_E_FLOAT: .looseFloatingPoint
            case NNK_E_LENGTH: .invalidModel(.truncated)
            case NNK_E_MAGIC: .invalidModel(.notAModel)
            case NNK_E_HEADER: .invalidModel(.damagedHeader)
            case NNK_E_VERSION: .invalidModel(.laterVersion)
            case NNK_E_KIND: .invalidModel(.otherKind)
            case NNK_E_TOPOLOGY: .invalidModel(.otherTopology)
            case NNK_E_SIZE: .invalidModel(.wrongSize)
            case NNK_E_PAYLOAD: .invalidModel(.damagedWeights)
            default: .invalidArgument
            }
    }
}
