import NNData
import NNHDF5

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// libhdf5 has crashed on files that were damaged on purpose. While it reads one, a crash becomes the same
/// message and exit code as any other bad data set; nothing has been written by then.
enum CrashGuard {
    nonisolated(unsafe) private static var message: UnsafeMutablePointer<CChar>?
    private static let signals = [SIGFPE, SIGSEGV, SIGBUS, SIGABRT]

    static func load(_ path: String) throws(FileError) -> DataSet {
        guard !OutputFile.isFolder(path) else {
            throw FileError(
                .missing, file: path, expected: "a data set file",
                found: "a folder (nn-cli dataset pack makes data sets of folders of photos)")
        }
        guard path != "-" else {
            throw FileError(
                .missing, file: path, expected: "a data set file",
                found: "the standard input, which libhdf5 can't read")
        }
        let error = FileError(.badData, file: path, expected: "a data set file", found: "a damaged one")
        message = strdup("Error: \(error)\n")
        defer {
            for number in signals { signal(number, SIG_DFL) }
            free(message)
        }
        for number in signals {
            signal(number) { _ in
                // Only what is safe in a signal handler.
                if let message = CrashGuard.message { _ = write(STDERR_FILENO, message, strlen(message)) }
                _exit(65)
            }
        }
        return try DataSet(hdf5: path)
    }
}
