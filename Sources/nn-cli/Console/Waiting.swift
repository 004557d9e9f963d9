import NNData

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

extension Console {
    /// From now on a note says which pipe or terminal is waited for, and Ctrl-C ends the wait.
    static func watchInputs() {
        InputFile.patience.withLock { $0 = { waitsOn(for: $0, waited: $1) } }
    }

    private static func waitsOn(for file: String, waited: Duration) -> Bool {
        // A program that writes to standard input may take its time. A person may not know that it is read.
        if waited == .seconds(1), file != "stdin" || isatty(STDIN_FILENO) == 1 {
            note("waiting for \(file == "stdin" ? "standard input" : file)")
        }
        return !Interrupt.isRequested
    }
}
