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
    /// From the lowest to the highest; nil: no answers.
    private(set) var probabilities: ClosedRange<Double>?
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
        do {
            while let outcome = work.next() { try take(outcome.get()) }
            guard !Interrupt.isRequested else { throw try interruption() }
            for answer in held ?? [] { try deliver(answer) }
        } catch {
            answers.abandon()
            throw error
        }
    }

    private mutating func take(_ outcome: Outcome) throws {
        switch outcome {
        case .named(let answer): try take(answer)
        case .found(let answer): try take(found: answer)
        case .systemFolder(let path): systemFolders.append(path)
        }
    }

    /// Takes the answer for a file that was found in a folder.
    mutating func take(found answer: Answer) throws {
        guard case .failure(let error) = answer.result, error.kind == .badData,
            !Picture.isLikely(at: answer.input)
        else { return try take(answer) }
        skipped += 1
        say { Console.note("skipped \(error)") }
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
            let p = verdict.probability
            probabilities = min(p, probabilities?.lowerBound ?? p)...max(p, probabilities?.upperBound ?? p)
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

    /// Ends the answers of a watch, which Ctrl-C ends.
    mutating func endWatch() throws {
        try answers.end(isComplete: true)
        Console.note("ended after \(counted(answered, "answer"))")
        throw ExitCode(130)
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
    case named(Answer)
    case found(Answer)
    case systemFolder(String)
}

extension Classifier {
    fileprivate func outcome(of input: Input) throws(NNError) -> Outcome {
        switch input {
        case .named(let path): .named(try answer(path))
        // Reading a pipe might never end.
        case .found(let path) where OutputFile.isDevice(path):
            .found(
                Answer(
                    path,
                    .failure(
                        FileError(
                            .badData, file: path, expected: Picture.expected, found: "a pipe or a device"))))
        case .found(let path): .found(try answer(path))
        case .failed(let error): .named(Answer(error.file, .failure(error)))
        case .systemFolder(let path): .systemFolder(path)
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
