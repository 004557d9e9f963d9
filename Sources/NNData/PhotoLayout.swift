import SystemPackage

/// Which folders of photos are which class, and which set.
struct PhotoLayout {
    /// The folder with the class folders, or with the folders of both sets.
    let root: String
    /// The names of class 0 and class 1.
    let classes: [String]
    /// The folders of the training set and the test set; nil if the photos are one set.
    let sets: (train: String, test: String)?
    /// The names of the folders that are class 0, where these are several.
    let joined: [String]
    /// What lies beside the folders that are used, and why it is not.
    let strays: [FileError]
    /// Folders that systems have put beside them.
    let systemFolders: [String]
    /// The names of the folders of each class.
    private let folders: [[String]]

    private static let namesOfTraining = ["train", "training", "train_set", "training_set"]
    /// If several are there, the first.
    private static let namesOfTest = [
        "test", "testing", "test_set", "testing_set", "validation", "val", "valid", "val_set",
        "validation_set",
    ]
    /// Names of folders that mean "everything else": such a folder is class 0.
    private static let namesOfTheRest: Set = ["background", "negative", "none", "other", "others", "rest"]

    private static let expected = "a folder with one folder per class"

    init(_ path: String, positive: String?) throws(FileError) {
        var systemFolders: [String] = []
        let root = try Self.unwrapped(path, &systemFolders)
        self.root = root
        let content = try Folder.content(of: root, expected: Self.expected)
        let training = Self.first(Self.namesOfTraining, in: content.folders)
        let test = Self.first(Self.namesOfTest, in: content.folders)
        var used = content.folders
        var names = content.folders
        if let training, let test {
            used = [training, test]
            let sets = (
                train: try Self.unwrapped("\(root)/\(training)", &systemFolders),
                test: try Self.unwrapped("\(root)/\(test)", &systemFolders)
            )
            names = try Self.foldersOfBothSets(sets)
            self.sets = sets
        } else {
            sets = nil
        }
        let expectedBeside = sets == nil ? "folders of photos" : "only the folders \(used[0]) and \(used[1])"
        strays = (content.files.map { ($0, "a file") } + content.folders.map { ($0, "another folder") })
            .filter { !used.contains($0.0) }
            .map { FileError(.badData, file: "\(root)/\($0)", expected: expectedBeside, found: $1) }
        self.systemFolders = systemFolders
        let folders = try Self.order(names, in: root, positive: positive)
        self.folders = folders
        joined = folders[0].count > 1 ? folders[0] : []
        classes = folders.map {
            PathText.shown($0.count > 1 ? Self.nameOfTheRest(beside: folders[1][0]) : $0[0])
        }
        for (name, folder) in zip(classes, folders) where !DataSet.isClassName(name) {
            throw FileError(
                .badData, file: "\(root)/\(folder[0])", expected: "a printable folder name: it names a class",
                found: "\(Array(name.utf8))")
        }
    }

    /// The folders of each class in a set.
    func classFolders(_ role: DataSetRole?) -> [[String]] {
        let set = role == .train ? sets!.train : role == .test ? sets!.test : root
        return folders.map { names in names.map { "\(set)/\($0)" } }
    }

    /// Archives often hold one folder with the class folders inside: then this one, else the folder itself.
    private static func unwrapped(
        _ path: String, _ systemFolders: inout [String]
    ) throws(FileError) -> String {
        let content = try Folder.content(of: path, expected: expected)
        systemFolders += content.systemFolders.map { "\(path)/\($0)" }
        guard content.files.isEmpty, content.folders.count == 1 else { return path }
        let inner = "\(path)/\(content.folders[0])"
        let innerContent = try Folder.content(of: inner, expected: expected)
        guard innerContent.folders.count > 1 else { return path }
        systemFolders += innerContent.systemFolders.map { "\(inner)/\($0)" }
        return inner
    }

    private static func first(_ names: [String], in folders: [String]) -> String? {
        names.lazy.compactMap { name in folders.first { $0.lowercased() == name } }.first
    }

    /// The names of the class folders. The test set need not have all of them.
    private static func foldersOfBothSets(_ sets: (train: String, test: String)) throws(FileError) -> [String]
    {
        let train = try Folder.content(of: sets.train, expected: expected).folders
        let test = try Folder.content(of: sets.test, expected: expected).folders
        guard !test.isEmpty, Set(test).isSubset(of: train) else {
            throw FileError(
                .badData, file: sets.test, expected: "the folders of the training set, \(list(train))",
                found: list(test))
        }
        return train
    }

    /// The folders of class 0 and of class 1.
    private static func order(
        _ names: [String], in root: String, positive: String?
    ) throws(FileError) -> [[String]] {
        guard names.count == 2 || (names.count > 2 && positive != nil) else {
            let expected = "two folders of photos, one per class"
            let hint = names.count > 2 ? " (or --positive NAME; the others together are class 0 then)" : ""
            throw FileError(.badData, file: root, expected: expected + hint, found: list(names))
        }
        if let positive {
            // Two names of files can be equal as text: é is one code point or two.
            let index =
                names.firstIndex { $0.utf8.elementsEqual(positive.utf8) } ?? names.firstIndex(of: positive)
            guard let index else {
                throw FileError(.badData, file: root, expected: "a folder \(positive)", found: list(names))
            }
            var rest = names
            let name = rest.remove(at: index)
            return [rest, [name]]
        }
        let isSecondTheRest = names[1].hasSuffix(names[0]) || namesOfTheRest.contains(names[1].lowercased())
        return (isSecondTheRest ? names.reversed() : names).map { [$0] }
    }

    private static func nameOfTheRest(beside name: String) -> String { name == "other" ? "rest" : "other" }

    private static func list(_ names: [String]) -> String {
        let shown = names.prefix(5).joined(separator: ", ")
        return switch names.count {
        case 0: "no folder"
        case 1: "only \(shown)"
        case 2...5: shown
        default: "\(names.count): \(shown), ..."
        }
    }
}
