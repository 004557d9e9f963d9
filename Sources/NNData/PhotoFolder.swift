import Dispatch
import Synchronization
import SystemPackage

/// A folder with photos of two classes: one folder per class, or two such pairs in folders named train and test.
public struct PhotoFolder: Sendable {
    public let path: String
    /// The names of class 0 and class 1: the names of their folders.
    public let classes: [String]
    /// Whether there are folders train and test.
    public let isSplit: Bool
    /// The files and folders that are not used, and why.
    public let strays: [FileError]

    /// Names of folders that mean "everything else": such a folder is class 0.
    private static let namesOfTheRest: Set = ["background", "negative", "none", "other", "others", "rest"]

    /// A model has room for this many bytes.
    private static let longestClassName = 31

    /// Finds the classes.
    ///
    /// - Parameter positive: the name of class 1. Without it, class 1 is cat for the names cat and non-cat (one ends in
    ///   the other) and for cat and other; otherwise it is the second name in alphabetical order.
    public init(_ path: String, positive: String? = nil) throws(FileError) {
        let path = FilePath(path).string  // without a slash at its end
        let names = try Folder.names(in: path, expected: "a folder with one folder per class")
        let folders = names.filter { Folder.type(of: "\(path)/\($0)") == .directory }
        isSplit = Set(folders).isSuperset(of: ["train", "test"])
        let used = isSplit ? ["train", "test"] : folders
        self.path = path
        strays = names.filter { !used.contains($0) }.map { [isSplit] name in
            FileError(
                .badData, file: "\(path)/\(name)",
                expected: isSplit ? "only the folders train and test" : "folders of photos",
                found: folders.contains(name) ? "another folder" : "a file")
        }
        let classFolders = isSplit ? try Self.foldersOfBothSets(in: path) : folders
        classes = try Self.classes(classFolders, in: path, positive: positive)
    }

    private static func foldersOfBothSets(in path: String) throws(FileError) -> [String] {
        let train = try folders(in: "\(path)/train")
        let test = try folders(in: "\(path)/test")
        guard test == train else {
            throw FileError(
                .badData, file: "\(path)/test", expected: "the folders of train, \(list(train))",
                found: list(test))
        }
        return train
    }

    private static func folders(in path: String) throws(FileError) -> [String] {
        try Folder.names(in: path, expected: "a folder with one folder per class")
            .filter { Folder.type(of: "\(path)/\($0)") == .directory }
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

    /// The two names, that of class 0 first.
    private static func classes(
        _ names: [String], in path: String, positive: String?
    ) throws(FileError) -> [String] {
        guard names.count == 2 else {
            throw FileError(
                .badData, file: path, expected: "two folders of photos, one per class", found: list(names))
        }
        for name in names where name.utf8.count > longestClassName {
            throw FileError(
                .badData, file: "\(path)/\(name)",
                expected: "a folder name of at most \(longestClassName) bytes: it names a class",
                found: "\(name.utf8.count) bytes")
        }
        for name in names where !DataSet.isClassName(name) {
            throw FileError(
                .badData, file: "\(path)/\(name)",
                expected: "a printable folder name: it names a class",
                found: "\(Array(name.utf8))")
        }
        if let positive {
            // Two names of files can be equal as text: é is one code point or two.
            let index =
                names.firstIndex { $0.utf8.elementsEqual(positive.utf8) } ?? names.firstIndex(of: positive)
            guard let index else {
                throw FileError(
                    .badData, file: path, expected: "a folder \(positive)", found: list(names))
            }
            return [names[1 - index], names[index]]
        }
        let isSecondTheRest = names[1].hasSuffix(names[0]) || namesOfTheRest.contains(names[1].lowercased())
        return isSecondTheRest ? names.reversed() : names
    }

    /// Reads all photos of both classes, several at a time. They are ordered by class, then by name. Their names are
    /// paths that begin in the folder, as in "cat/1.jpg".
    ///
    /// - Parameters:
    ///   - role: the set to read, if the folder is split.
    ///   - progress: called with how many of how many files are done, from any thread, one call at a time.
    /// - Returns: the images, and the files that could not be used.
    /// - Throws: ``FileError``; `io` when a file cannot be read, `badData` when a class has no photo.
    public func load(
        _ role: DataSetRole? = nil, progress: @Sendable (_ done: Int, _ count: Int) -> Void = { _, _ in }
    ) throws(FileError) -> (data: DataSet, skipped: [FileError]) {
        let folders = folders(role)
        let files = try files(in: folders)
        let photos = Self.read(files.map(\.path), progress)
        var images: [UInt8] = []
        var labels: [UInt8] = []
        var names: [String] = []
        var skipped: [FileError] = []
        for (file, photo) in zip(files, photos) {
            do throws(FileError) {
                images += try photo.get()
                labels.append(file.label)
                names.append(String(decoding: file.path.utf8.dropFirst(path.utf8.count + 1), as: UTF8.self))
            } catch {
                guard error.kind != .io else { throw error }
                skipped.append(error)
            }
        }
        for (label, folder) in folders.enumerated() where !labels.contains(UInt8(label)) {
            throw FileError(
                .badData, file: folder, expected: "at least one photo", found: Self.reason(skipped, folder))
        }
        return (DataSet(images: images, labels: labels, classes: classes, names: names), skipped)
    }

    /// Whether the path leads to one of the photos.
    ///
    /// - Throws: ``FileError``, `missing`, when a folder cannot be read.
    public func contains(_ file: String) throws(FileError) -> Bool {
        let roles: [DataSetRole?] = isSplit ? [.train, .test] : [nil]
        return try files(in: roles.flatMap(folders)).contains { OutputFile.isSameFile($0.path, file) }
    }

    /// The folders of class 0 and class 1.
    private func folders(_ role: DataSetRole?) -> [String] {
        classes.map { role == nil ? "\(path)/\($0)" : "\(path)/\(role!.rawValue)/\($0)" }
    }

    private func files(in folders: [String]) throws(FileError) -> [(path: String, label: UInt8)] {
        var files: [(path: String, label: UInt8)] = []
        for (index, folder) in folders.enumerated() {
            let names = try Folder.names(in: folder, expected: "a folder of photos")
            files += names.map { ("\(folder)/\($0)", UInt8(index % 2)) }
        }
        return files
    }

    private static func reason(_ skipped: [FileError], _ folder: String) -> String {
        let files = skipped.filter { $0.file.hasPrefix(folder + "/") }
        guard let first = files.first else { return "none" }
        return "\(counted(files.count, "unusable file")) (\(first))"
    }

    private static func read(
        _ files: [String], _ progress: @Sendable (Int, Int) -> Void
    ) -> [Result<[UInt8], FileError>] {
        let state = Mutex((photos: [Int: Result<[UInt8], FileError>](), done: 0))
        DispatchQueue.concurrentPerform(iterations: files.count) { index in
            let photo = Result { () throws(FileError) in try read(files[index]) }
            state.withLock {
                $0.photos[index] = photo
                $0.done += 1
                progress($0.done, files.count)
            }
        }
        return state.withLock { state in files.indices.map { state.photos[$0]! } }
    }

    private static func read(_ file: String) throws(FileError) -> [UInt8] {
        switch Folder.type(of: file) {
        case .regular: return try Picture(at: file).image
        case .directory:
            throw FileError(.badData, file: file, expected: Picture.expected, found: "a folder")
        default:
            // Folder.names has put this character where a name is not UTF-8.
            let found = file.contains("\u{fffd}") ? "a name that is not UTF-8" : "no file"
            throw FileError(.badData, file: file, expected: Picture.expected, found: found)
        }
    }
}

extension DataSet {
    /// The same examples, shuffled by the seed.
    public func shuffled(seed: UInt32) -> DataSet {
        var dice = Dice(seed: seed)
        return examples(dice.shuffled(Array(0..<count)))
    }

    /// Splits the examples into two sets, keeping their order. About `testShare` of each class goes to the test set: at
    /// least one example, and never all. There is no test set if no class has two examples.
    ///
    /// - Precondition: `testShare` is above 0 and below 1.
    public func split(testShare: Double) -> (train: DataSet, test: DataSet?) {
        precondition(testShare > 0 && testShare < 1)
        var remaining = (0...1).map { label in
            let count = labels.count { $0 == label }
            return max(0, min(max(1, Int((testShare * Double(count)).rounded())), count - 1))
        }
        var train: [Int] = []
        var test: [Int] = []
        for index in 0..<count {
            let label = Int(labels[index])
            if remaining[label] > 0 {
                remaining[label] -= 1
                test.append(index)
            } else {
                train.append(index)
            }
        }
        return (examples(train), test.isEmpty ? nil : examples(test))
    }

    /// The examples of these indices.
    package func examples(_ indices: [Int]) -> DataSet {
        var images: [UInt8] = []
        images.reserveCapacity(indices.count * Self.imageBytes)
        for index in indices { images += image(index) }
        return DataSet(
            images: images, labels: indices.map { labels[$0] }, classes: classes,
            names: names.map { names in indices.map { names[$0] } })
    }
}
