import SystemPackage

/// Folders in a folder as places in the file system, however a path leads there.
package struct FolderPlaces: Sendable {
    private let places: [FilePath]
    private var last: (folder: FilePath, isInside: Bool)?

    /// - Parameter names: those of the folders; they may be made later.
    package init(_ names: [String], in folder: String) throws(FileError) {
        guard let folder = FilePath(text: folder).resolved else {
            throw FileError(.missing, file: folder, expected: "a folder", found: "no such folder")
        }
        places = names.map { folder.appending(FilePath(text: $0).components) }
    }

    /// Whether the file is in one of the folders, or in a folder in it.
    package mutating func contains(_ file: String) -> Bool {
        let folder = FilePath(text: file).folder
        if let last, last.folder == folder { return last.isInside }
        let resolved = folder.resolved
        let isInside = places.contains { resolved?.starts(with: $0) ?? false }
        last = (folder, isInside)
        return isInside
    }
}
