import NNData
import NNHDF5

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// libhdf5 has crashed on files that were damaged on purpose. While it reads a file, a crash gives the message and
/// the exit code of a bad data set. Nothing has been written by then.
enum CrashGuard {
    nonisolated(unsafe) private static var message: UnsafeMutablePointer<CChar>?
    private static let signals = [SIGFPE, SIGSEGV, SIGBUS, SIGABRT]

    static func load(_ path: String) throws(FileError) -> DataSet {
        guard !OutputFile.isFolder(path) else {
            throw FileError(
                .missing, file: path, expected: "a data set file",
                found: "a folder (nn-cli dataset pack makes data sets from folders of photos)")
        }
        guard path != "-" else {
            throw FileError(
                .missing, file: path, expected: "a data set file",
                found: "libhdf5 cannot read standard input")
        }
        let error = FileError(.badData, file: path, expected: "a data set file", found: "a damaged one")
        message = strdup("Error: \(error)\n")
        defer {
            for number in signals { signal(number, SIG_DFL) }
            free(message)
        }
        for number in signals {
            signal(number) { _ in
                // Only calls that are safe in a signal handler.
                if let message = CrashGuard.message { _ = write(STDERR_FILENO, message, strlen(message)) }
                _exit(65)
            }
        }
        return try DataSet(hdf5: path)
    }
}
