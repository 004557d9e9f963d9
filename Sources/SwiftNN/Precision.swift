import CNNKernel

/// A value that stands in headers as a number (docs/FORMAT.md).
protocol Coded: CaseIterable {
    var code: Int32 { get }
}

extension Coded {
    /// nil if no value has this number.
    init?(code: Int32) {
        guard let match = Self.allCases.first(where: { $0.code == code }) else { return nil }
        self = match
    }
}

/// The numbers that a training computes with. The weights of a trained model are stored as the same numbers.
public enum Precision: String, CaseIterable, Sendable {
    /// float, 4 bytes
    case f32 = "f32"
    /// double, 8 bytes
    case f64 = "f64"
}

extension Precision: Coded {
    /// The number that stands for it in a header (docs/FORMAT.md).
    var code: Int32 { ElementType(self).code }
}

extension ElementType {
    /// The type of the weights that a training in this precision gives.
    public init(_ precision: Precision) {
        self =
            switch precision {
            case .f32: .f32
            case .f64: .f64
            }
    }
}

extension ElementType: CaseIterable, Coded {
    /// Both kinds of numbers, then bytes.
    public static var allCases: [ElementType] { [.f32, .f64, .i8] }
}

extension ElementType: RawRepresentable {
    /// The name that command lines and JSON know it by.
    public var rawValue: String {
        switch self {
        case .f32: "f32"
        case .f64: "f64"
        case .i8: "i8"
        }
    }

    /// The type of this name.
    public init?(rawValue: String) {
        guard let match = Self.allCases.first(where: { $0.rawValue == rawValue }) else { return nil }
        self = match
    }
}
