#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Looking into folders.
enum Folder {
    enum Entry { case file, folder, other }

    /// The names of what is in the folder, without hidden files, sorted: file systems have orders of their own.
    static func names(in path: String, expected: String) throws(FileError) -> [String] {
        guard let folder = opendir(path) else {
            let found = errno == ENOTDIR ? "a file" : lastSystemError(missing: "folder")
            throw FileError(.missing, file: path, expected: expected, found: found)
        }
        defer { closedir(folder) }
        var names: [String] = []
        while let entry = readdir(folder) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            if !name.hasPrefix(".") { names.append(name) }
        }
        return names.sorted()
    }

    /// What is at the path, or where a link there leads to.
    static func kind(of path: String) -> Entry {
        var status = stat()
        guard stat(path, &status) == 0 else { return .other }
        return switch status.st_mode & S_IFMT {
        case S_IFREG: .file
        case S_IFDIR: .folder
        default: .other
        }
    }
}
