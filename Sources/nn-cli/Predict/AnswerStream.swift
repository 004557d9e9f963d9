import NNData

/// Writes answers as they come, in one of several forms.
struct AnswerStream {
    enum Form {
        /// A line per answer, with the name of class 1. What failed is not among them.
        case text(positive: String)
        /// One object for all, about this model.
        case json(ModelSummary)
        /// An object per line.
        case jsonLines
        /// A table, quoted as RFC 4180 says.
        case csv
    }

    private let form: Form
    private let output: OutputFile.Writer
    private var count = 0
    private var isEnded = false

    init(_ form: Form, to output: OutputFile.Writer) throws(FileError) {
        self.form = form
        self.output = output
        if case .csv = form { try output.write(Self.tableHead + "\n") }
    }

    private static let tableHead = "input,class,probability,error"

    /// Whether a file is empty or holds a table that was written here.
    static func isTable(at path: String) throws(FileError) -> Bool {
        let start = try InputFile.readStart(path, expected: "a table", count: tableHead.utf8.count)
        return start.isEmpty || start.elementsEqual(tableHead.utf8)
    }

    mutating func write(_ answer: Answer) throws {
        defer { count += 1 }
        switch form {
        case .text(let positive):
            if let line = answer.line(positive: positive) { try output.write(PathText.shown(line) + "\n") }
        case .json(let model):
            try output.write((count == 0 ? try opening(model) : ",") + Console.jsonText(answer))
        case .jsonLines:
            try output.write(Console.jsonText(answer) + "\n")
        case .csv:
            try output.write(answer.csvRow)
        }
    }

    /// Ends the answers. An incomplete table does not get its name.
    mutating func end(isComplete: Bool) throws {
        isEnded = true
        if case .json(let model) = form { try output.write((count == 0 ? opening(model) : "") + "]}\n") }
        if isComplete { try output.finish() }
    }

    /// After an error: ends an object that has begun, so that what was printed is JSON.
    mutating func abandon() {
        // If this fails, it fails as what came before did.
        if count > 0 && !isEnded { try? end(isComplete: false) }
    }

    /// The file that the answers go to; nil if it is standard output.
    var file: String? { OutputFile.isStandardOutput(output.path) ? nil : output.path }

    /// Whether lines appear on a terminal, where a bar would garble them.
    var isOnTerminal: Bool { file == nil && Console.isOutputTerminal }

    private func opening(_ model: ModelSummary) throws -> String {
        #"{"model":\#(try Console.jsonText(model)),"predictions":["#
    }
}

extension Answer {
    fileprivate func line(positive: String) -> String? {
        guard case .success(let verdict) = result else { return nil }
        let probability = rounded(verdict.probability, places: 4)
        return
            "\(input): \(verdict.className ?? "not sure") (probability of \(positive): \(probability))"
    }

    fileprivate var csvRow: String {
        let fields =
            switch result {
            case .success(let verdict): [verdict.className ?? "", "\(verdict.probability)", ""]
            case .failure(let error): ["", "", error.reason]
            }
        return ([input] + fields).map { Self.quoted(PathText.shown($0)) }.joined(separator: ",") + "\n"
    }

    /// What a field without quotes must not hold.
    private static let special = Set(",\"\r\n".utf8)

    private static func quoted(_ field: String) -> String {
        guard field.utf8.contains(where: Self.special.contains) else { return field }
        return "\"\(field.replacing("\"", with: "\"\""))\""
    }
}
