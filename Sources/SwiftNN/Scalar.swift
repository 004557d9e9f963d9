/// A number that networks compute with: `Float` or `Double`.
///
/// No other type can conform, as nobody else can make its ``Arithmetic``.
public protocol Scalar: BinaryFloatingPoint, BitwiseCopyable, Sendable {
    /// How the C core computes with it.
    static var arithmetic: Arithmetic<Self> { get }
}

extension Scalar {
    /// The same as a value.
    public static var precision: Precision { arithmetic.precision }
}

extension Float: Scalar {
    public static var arithmetic: Arithmetic<Float> { .f32 }
}

extension Double: Scalar {
    public static var arithmetic: Arithmetic<Double> { .f64 }
}
