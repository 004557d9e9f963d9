import SystemPackage

/// A folder as a place in the file system, however a path leads there.
package struct FolderPlace: Sendable {
    private let place: FilePath
    private var last: (folder: FilePath, isInside: Bool)?

    /// nil if there is no such folder.
    package init?(_ path: String) {
        guard let place = FilePath(text: path).resolved else { return nil }
        self.place = place
    }

    /// Whether the file is in the folder or in one of its folders.
    package mutating func contains(_ file: String) -> Bool {
        let folder = FilePath(text: file).folder
        if let last, last.folder == folder { return last.isInside }
        let isInside = folder.resolved?.starts(with: place) ?? false
        last = (folder, isInside)
        return isInside
    }
}
