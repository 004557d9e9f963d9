import NNData

/// A run that ends without a result: the message, and the exit code (sysexits.h).
struct Failure: Error {
    let code: Int32
    let message: String

    static func usage(_ message: String) -> Failure { Failure(code: 64, message: message) }
    static func badData(_ message: String) -> Failure { Failure(code: 65, message: message) }
}

extension FileError {
    var exitCode: Int32 {
        switch kind {
        case .missing: 66
        case .badData: 65
        case .io: 74
        }
    }
}
