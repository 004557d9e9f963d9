import Foundation
import SwiftNN
import Testing

@testable import nn_cli

/// Files and scripts depend on these names: a change here is a change of file formats.
@Suite("Names in files, options and answers")
struct NamesTests {
    @Test("each value has its name, and each name its value")
    func spelledOut() {
        expect([Topology.deep: "deep", .twoLayer: "two-layer"])
        expect([Precision.f64: "f64", .f32: "f32"])
        expect([ElementType.f32: "f32", .f64: "f64", .i8: "i8"])
        expect([Method.dual: "dual", .primal: "primal"])
        expect([Initializer.deep: "deep", .small: "small"])
        #expect(MethodChoice.allValueStrings == ["auto", "dual", "primal"])
        #expect(MethodChoice(argument: "auto")?.method == nil)
        #expect(MethodChoice(argument: "primal")?.method == .primal)
        #expect(MethodChoice(argument: "Dual") == nil)
    }

    private func expect<Value: Named>(
        _ names: KeyValuePairs<Value, String>, at location: SourceLocation = #_sourceLocation
    ) {
        #expect(Value.names == names.map(\.value), sourceLocation: location)
        for (value, name) in names {
            #expect(value.name == name, sourceLocation: location)
            #expect(Value(name: name) == value, sourceLocation: location)
        }
        #expect(Value(name: "other") == nil, sourceLocation: location)
    }

    @Test("help shows them, and which is the default")
    func help() {
        let help = NNCLI.helpMessage(for: Train.self, columns: 300)
        for values in [
            "(values: deep, two-layer; default: deep)", "(values: f64, f32; default: f64)",
            "(values: auto, dual, primal; default: auto)",
        ] {
            #expect(help.contains(values), "\(values)")
        }
    }

    @Test("no value of the library is without a name")
    func complete() {
        #expect(Set(Precision.allCases) == Set(Precision.named))
        #expect(Set(ElementType.allCases) == Set(ElementType.named))
    }

    @Test(
        "the schemas allow these names and no others",
        arguments: [
            ("train", "method", Method.names), ("train", "precision", Precision.names),
            ("predict", "precision", ElementType.names),
            ("inspect", "initializer", Initializer.names), ("inspect", "method", Method.names),
            ("plan", "method", Method.names), ("plan", "topology", Topology.names),
        ])
    func schemas(command: String, property: String, names: [String]) throws {
        let file = try Data(contentsOf: Schema.folder.appending(path: "\(command).json"))
        let choices = choices(of: property, in: try JSONDecoder().decode(JSON.self, from: file))
        #expect(!choices.isEmpty)
        for choice in choices { #expect(choice == Set(names)) }
    }

    /// The words of each `enum` that belongs to a property, or definition, of this name.
    private func choices(of property: String, in schema: JSON) -> [Set<String>] {
        switch schema {
        case .object(let rules):
            rules.flatMap { key, rule -> [Set<String>] in
                guard key == property, case .object(let rule) = rule, case .array(let words) = rule["enum"]
                else { return choices(of: property, in: rule) }
                return [Set(words.compactMap { if case .text(let word) = $0 { word } else { nil } })]
            }
        case .array(let rules): rules.flatMap { choices(of: property, in: $0) }
        default: []
        }
    }
}
