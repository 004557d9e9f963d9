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
    /// Links that lead out of the folder that was named.
    let linksOut: [String]
    /// That folder, without links in its path; nil if it is not there.
    let place: FilePath?
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
        place = FilePath(text: path).resolved
        var unused = Unused(place: place)
        let root = try Self.rootOfLabelled(path, &unused)
        self.root = root
        let content = try unused.content(of: root)
        var names = content.folders
        if let (training, test) = Self.folderNamesOfSets(content.folders, in: root, unused) {
            unused.add(
                content, in: root, except: [training, test],
                expected: "only the folders \(training) and \(test)")
            let sets = (
                train: try Self.unwrapped("\(root)/\(training)", &unused),
                test: try Self.unwrapped("\(root)/\(test)", &unused)
            )
            names = try Self.foldersOfBothSets(sets, &unused)
            self.sets = sets
        } else {
            unused.add(content, in: root, except: content.folders)
            sets = nil
        }
        strays = unused.strays
        systemFolders = unused.systemFolders
        linksOut = unused.linksOut
        let folders = try Self.order(names, in: root, positive: positive, linksOut: linksOut.count)
        self.folders = folders
        joined = folders[0].count > 1 ? folders[0] : []
        classes = folders.map { $0.count > 1 ? Self.nameOfTheRest(beside: folders[1][0]) : $0[0] }
        try checkClasses()
    }

    /// Folders name the classes.
    private func checkClasses() throws(FileError) {
        for (name, folder) in zip(classes, folders) where !ClassName.isValid(name) {
            throw FileError(
                .badData, file: "\(root)/\(folder[0])", expected: "a printable folder name: it names a class",
                found: "\"\(name)\"")
        }
        guard !ClassName.areSame(classes[0], classes[1]) else {
            throw FileError(
                .badData, file: root, expected: ClassName.expectedTwo, found: Self.list(classes))
        }
    }

    /// The folders of each class in a set.
    func classFolders(_ role: DataSetRole?) -> [[String]] {
        let set = role == .train ? sets!.train : role == .test ? sets!.test : root
        return folders.map { names in names.map { "\(set)/\($0)" } }
    }

    /// What lies beside the folders that are used.
    private struct Unused {
        /// The folder that links may not lead out of.
        let place: FilePath?
        var strays: [FileError] = []
        var systemFolders: [String] = []
        var linksOut: [String] = []

        func content(of folder: String) throws(FileError) -> Folder.Content {
            try Folder.content(of: folder, expected: PhotoLayout.expected, within: place)
        }

        mutating func add(
            _ content: Folder.Content, in folder: String, except used: [String],
            expected: String = "folders of photos"
        ) {
            let others = content.folders.filter { !used.contains($0) }
            strays += (content.files.map { ($0, "a file") } + others.map { ($0, "another folder") })
                .map { FileError(.badData, file: "\(folder)/\($0)", expected: expected, found: $1) }
            systemFolders += content.systemFolders.map { "\(folder)/\($0)" }
            linksOut += content.linksOut.map { "\(folder)/\($0)" }
        }

        mutating func add(_ other: Unused) {
            strays += other.strays
            systemFolders += other.systemFolders
            linksOut += other.linksOut
        }
    }

    /// Where the folders of the classes or of the sets are. In contests the photos for testing lie in no class folders: then
    /// it is the training set's folder.
    private static func rootOfLabelled(_ path: String, _ unused: inout Unused) throws(FileError) -> String {
        let root = try unwrapped(path, &unused)
        let content = try unused.content(of: root)
        guard let training = first(namesOfTraining, in: content.folders),
            first(namesOfTest, in: content.folders) != nil,
            folderNamesOfSets(content.folders, in: root, unused) == nil
        else { return root }
        unused.add(
            content, in: root, except: [training],
            expected: "only \(training), or a test set with one folder per class")
        return try unwrapped("\(root)/\(training)", &unused)
    }

    /// Archives often hold a folder in a folder, and texts beside it: then the first with several, else the path itself.
    /// Photos show that they are of no class.
    private static func unwrapped(_ path: String, _ unused: inout Unused) throws(FileError) -> String {
        var folder = path
        var passed = Unused(place: unused.place)
        while true {
            let content = try unused.content(of: folder)
            if content.folders.count > 1 {
                unused.add(passed)
                return folder
            }
            let isPhotoThere = content.files.contains { Picture.isLikely(at: "\(folder)/\($0)") }
            guard let inner = content.folders.first, !isPhotoThere else { return path }
            passed.add(content, in: folder, except: [inner])
            folder += "/\(inner)"
        }
    }

    /// The folders of the two sets: the test set is the first whose photos lie in folders.
    private static func folderNamesOfSets(
        _ folders: [String], in root: String, _ unused: Unused
    ) -> (training: String, test: String)? {
        let labelled = folders.filter {
            (try? unused.content(of: "\(root)/\($0)"))?.folders.isEmpty == false
        }
        guard let training = first(namesOfTraining, in: folders), let test = first(namesOfTest, in: labelled)
        else { return nil }
        return (training, test)
    }

    private static func first(_ names: [String], in folders: [String]) -> String? {
        names.lazy.compactMap { name in folders.first { $0.lowercased() == name } }.first
    }

    /// The names of the class folders. The test set need not have all of them.
    private static func foldersOfBothSets(
        _ sets: (train: String, test: String), _ unused: inout Unused
    ) throws(FileError) -> [String] {
        var folders: [[String]] = []
        for set in [sets.train, sets.test] {
            let content = try unused.content(of: set)
            folders.append(content.folders)
            unused.linksOut += content.linksOut.map { "\(set)/\($0)" }
        }
        let (train, test) = (folders[0], folders[1])
        guard !test.isEmpty, Set(test).isSubset(of: train) else {
            throw FileError(
                .badData, file: sets.test, expected: "the folders of the training set, \(list(train))",
                found: list(test))
        }
        return train
    }

    /// The folders of class 0 and of class 1.
    private static func order(
        _ names: [String], in root: String, positive: String?, linksOut: Int
    ) throws(FileError) -> [[String]] {
        let links = linksOut > 0 ? ", and \(counted(linksOut, "link")) out of the folder" : ""
        let found = names.isEmpty && isSharded(root) ? FileKind.manifest : list(names) + links
        guard names.count == 2 || (names.count > 2 && positive != nil) else {
            let expected = "two folders of photos, one per class"
            let hint = names.count > 2 ? " (or --positive NAME; the others together are class 0 then)" : ""
            throw FileError(.badData, file: root, expected: expected + hint, found: found)
        }
        if let positive {
            // Two names of files can be equal as text: é is one code point or two.
            let index =
                names.firstIndex { $0.utf8.elementsEqual(positive.utf8) } ?? names.firstIndex(of: positive)
            guard let index else {
                throw FileError(.badData, file: root, expected: "a folder \(positive)", found: found)
            }
            var rest = names
            let name = rest.remove(at: index)
            return [rest, [name]]
        }
        let (first, second) = (names[0].lowercased(), names[1].lowercased())
        let isSecondTheRest = second.hasSuffix(first) || namesOfTheRest.contains(second)
        return (isSecondTheRest ? names.reversed() : names).map { [$0] }
    }

    private static func nameOfTheRest(beside name: String) -> String { name == "other" ? "rest" : "other" }

    private static func isSharded(_ root: String) -> Bool {
        let manifest = "\(root)/\(ShardedDataSet.manifest)"
        let start = try? InputFile.start(ofRegular: manifest, count: FileKind.startBytes)
        return start.flatMap(FileKind.name(of:)) == FileKind.manifest
    }

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
