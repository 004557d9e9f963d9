import ArgumentParser
import NNData
import SwiftNN
import SystemPackage

/// A run that ends without a result: the message, and the exit code (sysexits.h).
struct Failure: Error {
    let code: Int32
    let message: String

    static func usage(_ message: String) -> Failure { Failure(code: 64, message: message) }
    static func badData(_ message: String) -> Failure { Failure(code: 65, message: message) }
}

/// How a run ends that an error ends: the exit code (docs/CLI.md), and what is said.
///
/// This is the one place where errors become exit codes. 1 is an answer, that a model is not good enough: only an ExitCode
/// says so, never a failure of nn-cli.
struct Ending {
    let code: Int32
    /// An answer, such as help, if the code is 0; nil if all was said before.
    let message: String?
    /// Lines of ArgumentParser's below the message.
    private(set) var advice: ArraySlice<Substring> = []

    init(of error: any Error) {
        switch error {
        case let failure as Failure: (code, message) = (failure.code, failure.message)
        case let error as FileError: (code, message) = (error.exitCode, error.description)
        case let exit as ExitCode: (code, message) = (exit.rawValue, nil)
        case NNError.invalidModel(.unusableWeights):
            (code, message) = (65, "the model's weights are unusable: predictions with them overflow")
        case let error as Errno: (code, message) = (74, error.description)
        case _ where NNCLI.exitCode(for: error).isSuccess:
            // Help, completions and the version arrive as errors.
            (code, message) = (0, NNCLI.fullMessage(for: error))
        case _ where NNCLI.exitCode(for: error) == .validationFailure:
            let text = NNCLI.fullMessage(for: error)
            let lines = (text.hasPrefix("Error: ") ? text.dropFirst(7) : text[...])
                .split(separator: "\n", omittingEmptySubsequences: false)
            (code, message, advice) = (64, String(lines[0]), lines.dropFirst())
        default: (code, message) = (70, "internal error: \(error)")
        }
    }
}

extension FileError {
    var exitCode: Int32 {
        switch kind {
        case .missing: 66
        case .badData: 65
        case .io: 74
        case .interrupted: 130
        }
    }
}
