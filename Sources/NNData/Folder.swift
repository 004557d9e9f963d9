import SystemPackage

/// Looking into folders.
enum Folder {
    /// What a folder holds, sorted by name.
    struct Content {
        var files: [String] = []
        var folders: [String] = []
        /// Folders that systems put beside those of the user.
        var systemFolders: [String] = []
        /// Links that lead out of the folder that may not be left.
        var linksOut: [String] = []
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
    ///
    /// - Parameter root: the folder that no link may lead out of, without links in its path; nil: they may.
    static func content(
        of path: String, expected: String, within root: FilePath? = nil
    ) throws(FileError) -> Content {
        var content = Content()
        for name in try names(in: path, expected: expected).sorted(by: PathText.precedes) {
            let place = "\(path)/\(name)"
            let isFolder = type(of: place) == .directory
            if let root, leads(place, outOf: root) {
                if !name.hasPrefix(".") { content.linksOut.append(name) }
            } else if isFolder, name.hasPrefix(".") || systemFolders.contains(name.lowercased()) {
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
            throw FileError(
                error.isFailureOfSystem ? .io : .missing, file: path, expected: expected, found: found)
        }
    }

    /// Whether the path is a link to something outside of the folder.
    private static func leads(_ path: String, outOf root: FilePath) -> Bool {
        let path = FilePath(text: path)
        guard (try? Stat(path, followTargetSymlink: false).type) == .symbolicLink else { return false }
        return path.resolved.map { !$0.starts(with: root) } ?? false
    }

    /// What is at the path, or where a link there leads to; nil if nothing is.
    static func type(of path: String) -> FileType? { try? Stat(FilePath(text: path)).type }
}
