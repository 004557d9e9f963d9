import SystemPackage

/// Looking into folders.
enum Folder {
    /// The names of what is in the folder, sorted, without hidden files: file systems have orders of their own.
    static func names(in path: String, expected: String) throws(FileError) -> [String] {
        do throws(Errno) {
            return try FilePath(path).names().filter { !$0.hasPrefix(".") }.sorted()
        } catch {
            let found = error == .notDirectory ? "a file" : error.text(missing: "folder")
            throw FileError(.missing, file: path, expected: expected, found: found)
        }
    }

    /// What is at the path, or where a link there leads to; nil if nothing is.
    static func type(of path: String) -> FileType? { try? Stat(path).type }
}
