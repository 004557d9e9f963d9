#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The system's text for the last error of a call.
///
/// - Parameter missing: what was looked for, if it is that there is none.
func lastSystemError(missing: String = "file") -> String {
    errno == ENOENT ? "no such \(missing)" : String(cString: strerror(errno))
}

// Under other names, as methods of ours are called read and write.
func systemRead(_ file: Int32, _ buffer: UnsafeMutableRawPointer, _ count: Int) -> Int {
    read(file, buffer, count)
}
func systemWrite(_ file: Int32, _ buffer: UnsafeRawPointer, _ count: Int) -> Int {
    write(file, buffer, count)
}
