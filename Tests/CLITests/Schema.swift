import Foundation
import Testing

/// A schema of docs/schemas: of JSON Schema as much as they use. The test of docs/CLI.md has Python's jsonschema
/// read them too.
struct Schema {
    private let root: [String: JSON]

    struct Unusable: Error { let reason: String }

    static let folder = URL(filePath: #filePath).appending(path: "../../../docs/schemas").standardized

    init(of command: String) throws {
        let file = try Data(contentsOf: Self.folder.appending(path: "\(command).json"))
        try self.init(JSONDecoder().decode(JSON.self, from: file))
    }

    init(_ schema: JSON) throws {
        guard case .object(let root) = schema else { throw Unusable(reason: "no object: \(schema)") }
        self.root = root
    }

    /// What does not match in `value`: for each place its path and what is wrong there.
    func mismatches(_ value: JSON) throws -> [String] { try mismatches(value, root, "$") }

    private func mismatches(_ value: JSON, _ schema: JSON?, _ path: String) throws -> [String] {
        guard case .object(let rules) = schema else { throw Unusable(reason: "\(path): no schema") }
        return try mismatches(value, rules, path)
    }

    private func mismatches(_ value: JSON, _ rules: [String: JSON], _ path: String) throws -> [String] {
        try rules.sorted { $0.key < $1.key }.flatMap { keyword, rule -> [String] in
            return switch (keyword, value) {
            case ("$schema", _), ("title", _), ("description", _), ("$defs", _): []
            case ("$ref", _): try mismatches(value, definition(rule), path)
            case ("oneOf", _): try oneOf(value, rule, path)
            case ("properties", .object(let values)): try properties(values, rule, path)
            case ("required", .object(let values)):
                rule.items.filter { values[$0.text ?? ""] == nil }.map { "\(path) has no \($0)" }
            case ("additionalProperties", .object(let values)) where rule == .boolean(false):
                Set(values.keys).subtracting(rules["properties"]?.keys ?? []).sorted()
                    .map { "\(path) has \($0)" }
            case ("items", .array(let values)):
                try items(Array(values.dropFirst(rules["prefixItems"]?.items.count ?? 0)), rule, path)
            case ("prefixItems", .array(let values)):
                try zip(values, rule.items).flatMap { try mismatches($0, $1, "\(path)[]") }
            case ("properties", _), ("required", _), ("items", _), ("prefixItems", _): []
            case ("additionalProperties", _) where rule == .boolean(false): []
            default:
                try isAllowed(value, keyword, rule) ? [] : ["\(path) is \(value), not \(keyword) \(rule)"]
            }
        }
    }

    /// "#/$defs/model"
    private func definition(_ reference: JSON) throws -> JSON? {
        guard let name = reference.text, name.hasPrefix("#/$defs/"), case .object(let all) = root["$defs"]
        else { throw Unusable(reason: "\(reference)") }
        return all[String(name.dropFirst("#/$defs/".count))]
    }

    private func oneOf(_ value: JSON, _ rule: JSON, _ path: String) throws -> [String] {
        let answers = try rule.items.map { try mismatches(value, $0, path) }
        return answers.count(where: \.isEmpty) == 1 ? [] : ["\(path) fits not one of: \(answers)"]
    }

    private func properties(_ values: [String: JSON], _ rule: JSON, _ path: String) throws -> [String] {
        guard case .object(let schemas) = rule else { throw Unusable(reason: "\(path): \(rule)") }
        return try values.sorted { $0.key < $1.key }.flatMap { key, value in
            try schemas[key].map { try mismatches(value, $0, "\(path).\(key)") } ?? []
        }
    }

    private func items(_ values: [JSON], _ rule: JSON, _ path: String) throws -> [String] {
        guard rule != .boolean(false) else { return values.isEmpty ? [] : ["\(path) has more items"] }
        return try values.enumerated().flatMap { try mismatches($1, rule, "\(path)[\($0)]") }
    }

    /// Keywords that look at one value alone; those of another type say nothing about it.
    private func isAllowed(_ value: JSON, _ keyword: String, _ rule: JSON) throws -> Bool {
        switch (keyword, rule, value) {
        case ("type", .text(let type), _): value.isOf(type: type)
        case ("type", .array(let types), _): types.contains { value.isOf(type: $0.text ?? "") }
        case ("const", _, _): value == rule
        case ("enum", .array(let values), _): values.contains(value)
        case ("minimum", .number(let least), .number(let number)): number >= least
        case ("maximum", .number(let most), .number(let number)): number <= most
        case ("exclusiveMinimum", .number(let least), .number(let number)): number > least
        case ("minItems", .number(let least), .array(let values)): values.count >= Int(least)
        case ("maxItems", .number(let most), .array(let values)): values.count <= Int(most)
        case ("pattern", .text(let pattern), .text(let text)): try text.contains(Regex(pattern))
        case ("minimum", .number, _), ("maximum", .number, _), ("exclusiveMinimum", .number, _),
            ("minItems", .number, _), ("maxItems", .number, _), ("pattern", .text, _):
            true
        default: throw Unusable(reason: "\(keyword): \(rule)")
        }
    }
}

extension JSON {
    fileprivate var text: String? { if case .text(let text) = self { text } else { nil } }
    fileprivate var items: [JSON] { if case .array(let items) = self { items } else { [] } }
    fileprivate var keys: [String] { if case .object(let values) = self { Array(values.keys) } else { [] } }

    fileprivate func isOf(type: String) -> Bool {
        switch (type, self) {
        case ("null", .null), ("boolean", .boolean), ("number", .number), ("string", .text),
            ("array", .array), ("object", .object):
            true
        case ("integer", .number(let number)): number == number.rounded()
        default: false
        }
    }
}

@Suite("The schemas' reader")
struct SchemaTests {
    private func json(_ text: String) throws -> JSON {
        try JSONDecoder().decode(JSON.self, from: Data(text.utf8))
    }

    /// Each with values that fit, and others that don't.
    @Test(
        "each keyword refuses something",
        arguments: [
            (#"{"type": "integer", "minimum": 1, "maximum": 3}"#, "1 3 2.0", "0 4 1.5 true \"1\""),
            (#"{"type": ["number", "null"], "exclusiveMinimum": 0}"#, "1e-9 null", "0 false"),
            (#"{"enum": [0, "a", null]}"#, #"0 "a" null"#, #"1 "b" false"#),
            (#"{"const": [1, 2]}"#, "[1,2]", "[2,1] 1"),
            (#"{"type": "string", "pattern": "^[0-9a-f]{2}$"}"#, #""0f""#, #""0F" "0ff" 15"#),
            (
                #"{"items": {"type": "boolean"}, "minItems": 1, "maxItems": 2}"#,
                "[true] [true,false]", "[] [1] [true,true,true]"
            ),
            (
                #"{"prefixItems": [{"type": "null"}, {}], "items": false}"#,
                "[null,1] [null]", "[1,1] [null,1,1]"
            ),
            (
                #"{"properties": {"a": {"type": "null"}}, "required": ["a"], "additionalProperties": false}"#,
                #"{"a":null}"#, #"{} {"a":1} {"a":null,"b":1}"#
            ),
            (#"{"oneOf": [{"type": "integer"}, {"type": "number"}]}"#, "1.5", "1 null"),
            (##"{"$ref": "#/$defs/a", "$defs": {"a": {"type": "null"}}}"##, "null", "1"),
        ])
    func keywords(schema: String, good: String, bad: String) throws {
        let schema = try Schema(json(schema))
        for text in good.split(separator: " ") {
            #expect(try schema.mismatches(json(String(text))) == [], "\(text)")
        }
        for text in bad.split(separator: " ") {
            #expect(try schema.mismatches(json(String(text))) != [], "\(text)")
        }
    }

    @Test("an unknown keyword is an error")
    func unknownKeyword() throws {
        #expect(throws: Schema.Unusable.self) {
            try Schema(json(#"{"multipleOf": 2}"#)).mismatches(.number(2))
        }
    }
}
