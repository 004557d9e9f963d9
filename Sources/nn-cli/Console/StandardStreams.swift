#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Standard input, output and error as nn-cli finds them.
enum StandardStreams {
    /// Call this before any file is opened.
    static func prepare() {
        // The next file that is opened would get the number of a stream that is closed: messages would go into a model. The
        // null device stands for it, opened the other way, so that to read or to write is still an error.
        for stream in [STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO] where fcntl(stream, F_GETFD) == -1 {
            _ = open("/dev/null", stream == STDIN_FILENO ? O_WRONLY : O_RDONLY)
        }
        // A file that becomes too large is an error of a write then, and no sudden end (ulimit -f).
        signal(SIGXFSZ, SIG_IGN)
    }
}
