import CNNKernel

/// The arithmetic of networks of `S`: the kernels of the C core (kernels.h).
///
/// This is the only place where Swift calls the kernels. C trusts the sizes that it is given, so every function
/// here checks them first. There is no public initializer: only SwiftNN can make an arithmetic, and so no type
/// but `Float` and `Double` can be a ``Scalar``.
public struct Arithmetic<S: Scalar>: Sendable {
    let precision: Precision

    fileprivate init(_ precision: Precision) {
        precondition(MemoryLayout<S>.size == (precision == .f32 ? 4 : 8))
        self.precision = precision
    }

    private var kernels: nnk_arithmetic { unsafe precision.kernels.pointee }
}

extension Arithmetic<Float> {
    static let f32 = Arithmetic(.f32)
}

extension Arithmetic<Double> {
    static let f64 = Arithmetic(.f64)
}

// MARK: - What a layer computes

extension Arithmetic {
    /// Z = W A + b.   w (outputs, inputs), b (outputs), a (inputs, examples), result (outputs, examples)
    func linearForward(weights w: Matrix<S>, bias b: [S], input a: Matrix<S>) -> Matrix<S> {
        precondition(b.count == w.rows, "a layer needs one bias per output")
        precondition(a.rows == w.columns, "activations need one row per input of the layer")
        let z = unsafe reals(w.rows * a.columns, from: w.elements, b, a.elements) { z, from in
            unsafe kernels.linear_forward(z, from[0], from[1], from[2], shape(w, examples: a.columns))
        }
        return Matrix(rows: w.rows, columns: a.columns, elements: z)
    }

    /// dW = dZ A^T / m, db = sum of dZ's columns / m, dA = W^T dZ.
    func linearBackward(
        _ dz: Matrix<S>, weights w: Matrix<S>, input a: Matrix<S>
    ) -> Layer<S>.Gradient {
        precondition(dz.rows == w.rows, "dZ needs one row per output of the layer")
        precondition(a.rows == w.columns, "activations need one row per input of the layer")
        precondition(dz.columns == a.columns, "dZ and A need the same examples")
        var (dw, db) = ([S](), [S]())
        let da = unsafe reals(a.elements.count, from: dz.elements, w.elements, a.elements) { da, from in
            unsafe db = reals(w.rows) { db, _ in
                unsafe dw = reals(w.elements.count) { dw, _ in
                    unsafe kernels.linear_backward(
                        dw, db, da, from[0], from[1], from[2], shape(w, examples: a.columns))
                }
            }
        }
        return Layer.Gradient(
            weights: Matrix(rows: w.rows, columns: w.columns, elements: dw), bias: db,
            input: Matrix(rows: a.rows, columns: a.columns, elements: da))
    }

    /// The activation of Z, of the shape of Z.
    func activate(_ z: Matrix<S>, _ activation: Activation) -> Matrix<S> {
        let kernel =
            switch activation {
            case .relu: unsafe kernels.relu
            case .sigmoid: unsafe kernels.sigmoid
            }
        let count = z.elements.count
        let a = unsafe reals(count, from: z.elements) { unsafe kernel!($0, $1[0], count) }
        return Matrix(rows: z.rows, columns: z.columns, elements: a)
    }

    /// dZ from dA, both of the shape of Z.
    func activateBackward(_ da: Matrix<S>, logits z: Matrix<S>, _ activation: Activation) -> Matrix<S> {
        precondition(da.rows == z.rows && da.columns == z.columns, "dA and Z need the same shape")
        let kernel =
            switch activation {
            case .relu: unsafe kernels.relu_backward
            case .sigmoid: unsafe kernels.sigmoid_backward
            }
        let count = z.elements.count
        let dz = unsafe reals(count, from: da.elements, z.elements) {
            unsafe kernel!($0, $1[0], $1[1], count)
        }
        return Matrix(rows: z.rows, columns: z.columns, elements: dz)
    }

    /// p -= rate g.
    func update(_ p: inout MutableSpan<S>, _ g: [S], rate: Double) {
        precondition(g.count == p.count, "a gradient needs the shape of its parameter")
        unsafe p.withUnsafeMutableBufferPointer { p in
            unsafe withAddresses(of: [g], []) {
                unsafe kernels.update(OpaquePointer(p.baseAddress!), $0[0], rate, g.count)
            }
        }
    }

    private func shape(_ weights: Matrix<S>, examples: Int) -> nnk_shape {
        nnk_shape(
            outputs: weights.rows, inputs: weights.columns, examples: examples, stride: examples)
    }
}

// MARK: - The cost

extension Arithmetic {
    /// The binary cross-entropy of (1, examples) probabilities.
    func cost(_ p: Matrix<S>, labels: [UInt8]) -> Double {
        check(p, labels)
        var cost = 0.0
        unsafe withAddresses(of: [p.elements], []) {
            unsafe cost = kernels.cost($0[0], labels, labels.count)
        }
        return cost
    }

    /// dA of (1, examples) probabilities.
    func costBackward(_ p: Matrix<S>, labels: [UInt8]) -> Matrix<S> {
        check(p, labels)
        let da = unsafe reals(labels.count, from: p.elements) {
            unsafe kernels.cost_backward($0, $1[0], labels, labels.count)
        }
        return Matrix(rows: 1, columns: labels.count, elements: da)
    }

    private func check(_ p: Matrix<S>, _ labels: [UInt8]) {
        precondition(p.rows == 1, "probabilities need one row, with a column per example")
        precondition(p.columns == labels.count, "each probability needs a label")
        precondition(labels.allSatisfy { $0 <= 1 }, "labels are 0 or 1")
    }
}

// MARK: - Initial weights

extension Arithmetic {
    /// Initial weights of one layer (outputs, inputs), drawn row by row.
    func draw(
        outputs: Int, inputs: Int, _ initializer: Initializer, from random: inout NumpyRandom
    ) -> Matrix<S> {
        precondition(outputs > 0 && inputs > 0, "a layer needs an input and an output")
        let w = unsafe reals(outputs * inputs) { w, _ in
            unsafe kernels.initialize(
                w, outputs * inputs, Int32(inputs), initializer.code, &random.state)
        }
        return Matrix(rows: outputs, columns: inputs, elements: w)
    }
}

// MARK: - Memory

extension Arithmetic {
    /// `count` reals, zeros that `body` overwrites. It is given their address and those of `arrays`, as the kernels
    /// take them: C's `nnk_real` is an incomplete type.
    @unsafe
    private func reals(
        _ count: Int, from arrays: [S]..., body: (OpaquePointer, [OpaquePointer]) -> Void
    ) -> [S] {
        var result = [S](repeating: 0, count: count)
        unsafe result.withUnsafeMutableBytes { result in
            unsafe withAddresses(of: arrays[...], []) { unsafe body(OpaquePointer(result.baseAddress!), $0) }
        }
        return result
    }

    @unsafe
    private func withAddresses(
        of arrays: ArraySlice<[S]>, _ addresses: [OpaquePointer], _ body: ([OpaquePointer]) -> Void
    ) {
        guard let first = arrays.first else { return unsafe body(addresses) }
        unsafe first.withUnsafeBytes {
            unsafe withAddresses(of: arrays.dropFirst(), addresses + [OpaquePointer($0.baseAddress!)], body)
        }
    }
}

// MARK: - This machine's kernels

/// Constants, chosen once: asking the processor what it has can take long, as virtual machines answer in its place.
extension Precision {
    nonisolated(unsafe) private static let f32Kernels = unsafe nnk_fastest(NNK_F32)!
    nonisolated(unsafe) private static let f64Kernels = unsafe nnk_fastest(NNK_F64)!

    var kernels: UnsafePointer<nnk_arithmetic> {
        switch self {
        case .f32: unsafe Self.f32Kernels
        case .f64: unsafe Self.f64Kernels
        }
    }
}

extension ElementType {
    private static let f32Kernels = unsafe nnk_fastest_inference(NNK_F32).pointee
    private static let f64Kernels = unsafe nnk_fastest_inference(NNK_F64).pointee
    private static let i8Kernels = unsafe nnk_fastest_inference(NNK_I8).pointee

    var fastestKernels: nnk_inference {
        switch self {
        case .f32: Self.f32Kernels
        case .f64: Self.f64Kernels
        case .i8: Self.i8Kernels
        }
    }
}
