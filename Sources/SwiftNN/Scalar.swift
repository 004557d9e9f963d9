import CNNKernel

/// The numbers that a training computes with, and of which a trained model's weights are.
public enum Precision: Int32, Sendable {
    /// float, 4 bytes
    case f32 = 1
    /// double, 8 bytes
    case f64 = 2
}

/// What the weights of a model are stored as: what it was trained in, or bytes.
public enum ElementType: Int32, Sendable {
    /// float, 4 bytes
    case f32 = 1
    /// double, 8 bytes
    case f64 = 2
    /// The first layer in bytes, with a scale for each unit; the others in float.
    case i8 = 3
}

/// A number that networks compute with: `Float` or `Double`.
public protocol Scalar: BinaryFloatingPoint, BitwiseCopyable, Sendable {
    /// The same as a value.
    static var precision: Precision { get }
}

extension Float: Scalar {
    public static var precision: Precision { .f32 }
}

extension Double: Scalar {
    public static var precision: Precision { .f64 }
}

#if hasFeature(Embedded)
    /// Boards take the scalar kernels. Of a type that is known when it compiles, only that one's are linked.
    extension ElementType {
        @inline(__always)
        var inference: nnk_inference {
            switch self {
            case .f32: nnk_f32_inference
            case .f64: nnk_f64_inference
            case .i8: nnk_i8_inference
            }
        }
    }
#else
    extension Precision: CaseIterable {}
    extension ElementType: CaseIterable {}

    /// The core's kernels for this machine (kernels.h): constants, chosen once. Asking the processor what it has
    /// can take long, as virtual machines answer in its place.
    extension Precision {
        nonisolated(unsafe) private static let arithmetic = (nnk_fastest(NNK_F32)!, nnk_fastest(NNK_F64)!)

        var kernels: UnsafePointer<nnk_arithmetic> { self == .f32 ? Self.arithmetic.0 : Self.arithmetic.1 }
    }

    extension ElementType {
        private static let f32Inference = nnk_fastest_inference(NNK_F32).pointee
        private static let f64Inference = nnk_fastest_inference(NNK_F64).pointee
        private static let i8Inference = nnk_fastest_inference(NNK_I8).pointee

        var inference: nnk_inference {
            switch self {
            case .f32: Self.f32Inference
            case .f64: Self.f64Inference
            case .i8: Self.i8Inference
            }
        }
    }
#endif

/// How initial weights are drawn; biases start at zero.
public enum Initializer: Int32, Sendable {
    /// normal / sqrt(inputs of the layer)
    case deep = 1
    /// normal x 0.01
    case small = 2
}

/// numpy's legacy random numbers, to the bit: `np.random.seed(seed)`, then `randn()` (random.h).
public struct NumpyRandom: Sendable {
    private var state = nnk_random()

    /// `np.random.seed(seed)`
    public init(seed: UInt32) { nnk_random_seed(&state, seed) }

    /// Standard normal: `np.random.randn()`.
    public mutating func normal() -> Double { nnk_random_normal(&state) }

    /// Uniform on [0, 1): `np.random.random_sample()`.
    public mutating func uniform() -> Double { nnk_random_uniform(&state) }
}

#if !hasFeature(Embedded)
    extension NumpyRandom {
        /// Fills `weights` with normals, scaled by `initializer` for a layer of `inputs`.
        mutating func draw<S: Scalar>(
            _ weights: UnsafeMutableBufferPointer<S>, inputs: Int, _ initializer: Initializer
        ) {
            S.precision.kernels.pointee.initialize(
                OpaquePointer(weights.baseAddress!), weights.count, Int32(inputs), initializer.rawValue,
                &state)
        }
    }
#endif
