import NNData
import SwiftNN

/// Sorts photos into a folder per class, and one for those that the model is not sure of.
struct PhotoSorter {
    private static let notSure = "not sure"

    private let path: String
    private var placement: FilePlacement
    /// The folders of the classes.
    private(set) var places: FolderPlaces

    /// Makes the folder.
    init(_ path: String, isLinking: Bool, network: Network, model: String) throws(FileError) {
        try Self.checkClasses(of: network, model)
        try OutputFile.makeFolder(path)
        self.path = path
        places = try FolderPlaces([network.className(0), network.className(1), Self.notSure], in: path)
        placement = FilePlacement(isLinking: isLinking)
    }

    /// The names of the classes become names of folders.
    private static func checkClasses(of network: Network, _ model: String) throws(FileError) {
        let names = [network.className(0), network.className(1)]
        for name in names where name.contains("/") || name.hasPrefix(".") {
            throw FileError(
                .badData, file: model, expected: "classes whose names can be those of folders", found: name)
        }
        // Some file systems take cat and Cat for one name.
        guard Set((names + [notSure]).map { $0.lowercased() }).count == 3 else {
            throw FileError(
                .badData, file: model, expected: "classes whose names differ, also from \"\(notSure)\"",
                found: names.joined(separator: ", "))
        }
    }

    /// - Returns: what failed, if that is the photo's fault.
    /// - Throws: ``FileError``, if no photo can be sorted.
    mutating func sort(_ photo: String, as className: String?) throws(FileError) -> FileError? {
        guard !places.contains(photo) else { return nil }
        let folder = "\(path)/\(className ?? Self.notSure)"
        try OutputFile.makeFolder(folder)
        do {
            try placement.add(photo, to: folder)
            return nil
        } catch {
            guard error.file == photo else { throw error }
            return error
        }
    }
}
