import SystemPackage

/// Looking into folders.
enum Folder {
    /// What a folder holds, sorted by name.
    struct Content {
        var files: [String] = []
        var folders: [String] = []
        /// Folders that systems put beside those of the user.
        var systemFolders: [String] = []
    }

    /// The folders that macOS's archives, Synology, QNAP, Windows and Linux add.
    private static let systemFolders: Set = [
        "__MACOSX", "@eaDir", "#recycle", "@Recycle", "@Recently-Snapshot", "$RECYCLE.BIN",
        "System Volume Information", "lost+found",
    ]
    private static let systemFiles: Set = ["thumbs.db", "ehthumbs.db", "desktop.ini", "icon\r"]

    /// What is in the folder, without hidden files and those of the system. A link counts as what it leads to, and one that
    /// leads nowhere as a file.
    static func content(of path: String, expected: String) throws(FileError) -> Content {
        var content = Content()
        for name in try names(in: path, expected: expected).sorted(by: PathText.precedes) {
            let isFolder = type(of: "\(path)/\(name)") == .directory
            if isFolder, name.hasPrefix(".") || systemFolders.contains(name) {
                content.systemFolders.append(name)
            } else if isFolder {
                content.folders.append(name)
            } else if !name.hasPrefix("."), !systemFiles.contains(name.lowercased()) {
                content.files.append(name)
            }
        }
        return content
    }

    private static func names(in path: String, expected: String) throws(FileError) -> [String] {
        do throws(Errno) {
            return try FilePath(text: path).names()
        } catch {
            let found = error == .notDirectory ? "a file" : error.text(missing: "folder")
            throw FileError(.missing, file: path, expected: expected, found: found)
        }
    }

    /// What is at the path, or where a link there leads to; nil if nothing is.
    static func type(of path: String) -> FileType? { try? Stat(FilePath(text: path)).type }
}
