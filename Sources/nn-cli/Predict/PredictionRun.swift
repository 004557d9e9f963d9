import ArgumentParser
import NNData
import SwiftNN

/// Answers inputs in their order, says what has no answer, and keeps count.
struct PredictionRun {
    private var answers: AnswerStream
    private var sorter: PhotoSorter?
    private var bar: ProgressReport?
    /// Where all must be well before the first answer is written: the answers so far.
    private var held: [Answer]?

    private(set) var answered = 0
    private var failed = 0
    private var skipped = 0
    private var systemFolders: [String] = []
    /// The gravest exit code of those that failed.
    private var code: Int32 = 0

    init(answers: AnswerStream, sorter: PhotoSorter?, bar: ProgressReport?, isStrict: Bool) {
        self.answers = answers
        self.sorter = sorter
        self.bar = bar
        held = isStrict ? [] : nil
    }

    /// - Throws: what ends the run: an output that cannot be written, a useless model, Ctrl-C; where the run is strict, also
    ///   an input that has no answer or a flaw.
    mutating func answer(_ inputs: sending Inputs, _ classifier: Classifier) throws {
        let work = OrderedWork(inputs, workers: NetworkOptions.processors) { input in
            Result { () throws(NNError) in try classifier.outcome(of: input) }
        }
        defer { bar?.clear() }
        while let outcome = work.next() {
            switch try outcome.get() {
            case .answer(let answer): try take(answer)
            case .skipped(let reason):
                skipped += 1
                say { Console.note("skipped \(reason)") }
            case .systemFolder(let path): systemFolders.append(path)
            }
        }
        guard !Interrupt.isRequested else { throw try interruption() }
        for answer in held ?? [] { try deliver(answer) }
    }

    private mutating func take(_ answer: Answer) throws {
        if held != nil {
            try answer.requirePerfection()
            held?.append(answer)
        } else {
            try deliver(answer)
        }
        bar?.update(answered + failed, cost: nil)
    }

    private mutating func deliver(_ answer: Answer) throws {
        for flaw in answer.flaws { say { Console.note("warning: \(answer.input): \(flaw)") } }
        try answers.write(answer)
        switch answer.result {
        case .success(let verdict):
            answered += 1
            if let error = try sorter?.sort(answer.input, as: verdict.className) { fail(error) }
        case .failure(let error):
            failed += 1
            fail(error)
        }
    }

    private mutating func fail(_ error: FileError) {
        code = max(code, error.exitCode)
        say { Console.error(error.description) }
    }

    /// Prints a message where the bar was.
    private mutating func say(_ print: () -> Void) {
        bar?.clear()
        print()
    }

    private mutating func interruption() throws -> Failure {
        try answers.end(isComplete: false)
        let lost = answers.file.map { "; \($0) was not written" } ?? ""
        return Failure(code: 130, message: "interrupted after \(counted(answered, "answer"))\(lost)")
    }

    /// Completes the answers.
    ///
    /// - Throws: the exit code, if an input has no answer.
    mutating func end() throws {
        try answers.end(isComplete: true)
        if let file = answers.file { Console.note("wrote \(file) (\(counted(answered, "answer")))") }
        Console.note(systemFolders: systemFolders)
        if answered == 0 && failed == 0 && skipped > 0 {
            throw Failure.badData("expected photos, got \(counted(skipped, "other file"))")
        }
        if failed > 0 && answered + failed > 1 {
            Console.note("no answer for \(grouped(failed)) of \(grouped(answered + failed)) inputs")
        }
        if code != 0 { throw ExitCode(code) }
    }
}

/// What becomes of an input.
private enum Outcome: Sendable {
    case answer(Answer)
    /// Why it is left out.
    case skipped(String)
    case systemFolder(String)
}

extension Classifier {
    fileprivate func outcome(of input: Input) throws(NNError) -> Outcome {
        switch input {
        case .named(let path): return .answer(try answer(path))
        case .failed(let error): return .answer(Answer(error.file, .failure(error)))
        case .systemFolder(let path): return .systemFolder(path)
        case .found(let path) where OutputFile.isDevice(path): return .skipped("\(path): a pipe or a device")
        case .found(let path):
            let answer = try answer(path)
            guard case .failure(let error) = answer.result, !Picture.isLikely(at: path) else {
                return .answer(answer)
            }
            return .skipped("\(error)")
        }
    }
}

extension Answer {
    /// - Throws: ``FileError`` if there is no answer, or a flaw.
    fileprivate func requirePerfection() throws(FileError) {
        _ = try result.get()
        if let flaw = flaws.first {
            throw FileError(.badData, file: input, expected: "a picture without flaws", found: flaw)
        }
    }
}
