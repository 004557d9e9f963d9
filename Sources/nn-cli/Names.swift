import ArgumentParser
import SwiftNN

// The names of the library's values: those of options and their help, of JSON (docs/schemas), of the metadata of
// exported weights, and of messages. The library spells out most of them as raw values; topologies are named here.

/// A type whose values have names.
protocol Named: Equatable {
    /// All values that have a name, in the order in which help shows them.
    static var named: [Self] { get }
    var name: String { get }
}

extension Named {
    /// nil if no value has this name.
    init?(name: String) {
        guard let value = Self.named.first(where: { $0.name == name }) else { return nil }
        self = value
    }

    static var names: [String] { named.map(\.name) }
}

extension Named where Self: RawRepresentable<String> {
    /// The library spells it out.
    var name: String { rawValue }
}

extension Topology: Named {
    static let named = [Topology.deep, .twoLayer]

    /// A topology without a name is called by its sizes.
    var name: String { self == .deep ? "deep" : self == .twoLayer ? "two-layer" : text }

    /// "12288-20-7-5-1"
    var text: String { sizes.map(String.init).joined(separator: "-") }
}

extension Precision: Named {
    static let named = [Precision.f64, .f32]
}

extension ElementType: Named {
    static let named = [ElementType.f32, .f64, .i8]

    /// What a model with such weights is trained in; nil for one that is made from a trained model.
    var precision: Precision? {
        switch self {
        case .f32: .f32
        case .f64: .f64
        case .i8: nil
        }
    }
}

extension Method: Named {
    static let named = [Method.dual, .primal]
}

extension Initializer: Named {
    static let named = [Initializer.deep, .small]
}

// MARK: As values of options

extension Topology: ExpressibleByArgument {
    public init?(argument: String) { self.init(name: argument) }
    public static var allValueStrings: [String] { names }
    public static var defaultCompletionKind: CompletionKind { .list(names) }
    public var defaultValueDescription: String { name }
}

extension Precision: ExpressibleByArgument {
    public init?(argument: String) { self.init(name: argument) }
    public static var allValueStrings: [String] { names }
    /// Without this, help would list the raw values.
    public static var allValueDescriptions: [String: String] { [:] }
    public var defaultValueDescription: String { name }
}

/// `--method`: one of the library's methods, or the choice is left to the library.
struct MethodChoice: ExpressibleByArgument {
    /// nil: auto
    let method: Method?

    static let auto = MethodChoice(method: nil)
    private static let autoName = "auto"

    init(method: Method?) { self.method = method }

    init?(argument: String) {
        let method = Method(name: argument)
        guard method != nil || argument == Self.autoName else { return nil }
        self.method = method
    }

    static var allValueStrings: [String] { [autoName] + Method.names }
    static var defaultCompletionKind: CompletionKind { .list(allValueStrings) }
    var defaultValueDescription: String { method?.name ?? Self.autoName }
}
