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

    /// The folders that macOS and its archives, Synology, QNAP, Windows, Android and Linux add, in lower case.
    private static let systemFolders: Set = [
        "__macosx", "network trash folder", "temporary items", "@eadir", "@tmp", "#recycle", "#snapshot",
        "@recycle", "@recently-snapshot", "$recycle.bin", "system volume information", "lost.dir",
        "lost+found",
    ]
    private static let systemFiles: Set = [
        "thumbs.db", "ehthumbs.db", "ehthumbs_vista.db", "desktop.ini", "icon\r",
    ]

    private static func isSystemFile(_ name: String) -> Bool {
        // Where a download came from: Windows keeps it beside the file's content, Linux makes a file of it.
        systemFiles.contains(name) || name.hasSuffix(":zone.identifier")
    }

    /// What is in the folder, without hidden files and those of the system. A link counts as what it leads to, and one that
    /// leads nowhere as a file.
    static func content(of path: String, expected: String) throws(FileError) -> Content {
        var content = Content()
        for name in try names(in: path, expected: expected).sorted(by: PathText.precedes) {
            let isFolder = type(of: "\(path)/\(name)") == .directory
            if isFolder, name.hasPrefix(".") || systemFolders.contains(name.lowercased()) {
                content.systemFolders.append(name)
            } else if isFolder {
                content.folders.append(name)
            } else if !name.hasPrefix("."), !isSystemFile(name.lowercased()) {
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
