import CNNKernel

/// What the weights of a model are stored as: the numbers that it was trained in, or bytes.
public enum ElementType: Sendable {
    /// float, 4 bytes
    case f32
    /// double, 8 bytes
    case f64
    /// The first layer in bytes, with one scale per unit; the other layers in float.
    case i8
}

extension ElementType {
    /// The number that stands for it in a model's header (docs/FORMAT.md).
    @inline(__always)
    package var code: Int32 {
        switch self {
        case .f32: NNK_F32
        case .f64: NNK_F64
        case .i8: NNK_I8
        }
    }

    /// The kernels in scalar C, for all models. Where the type is a constant of the program, the linker keeps no other type's.
    @inline(__always)
    var scalarKernels: nnk_inference {
        switch self {
        case .f32: nnk_f32_contrast_inference
        case .f64: nnk_f64_contrast_inference
        case .i8: nnk_i8_contrast_inference
        }
    }
}
