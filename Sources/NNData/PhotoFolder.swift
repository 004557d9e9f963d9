import Dispatch
import Synchronization

/// A folder with photos of two classes: one folder a class, or two such pairs in folders named train and test.
public struct PhotoFolder: Sendable {
    public let path: String
    /// The names of class 0 and class 1, which are those of the folders.
    public let classes: [String]
    /// Whether there are folders train and test.
    public let isSplit: Bool
    /// What is not used, and why.
    public let strays: [FileError]

    /// Names of folders for whatever is not of the other class: of two folders, such a one is class 0.
    private static let namesOfTheRest: Set = ["background", "negative", "none", "other", "others", "rest"]

    /// As long as a model has room for.
    private static let longestClassName = 31

    /// Looks which classes there are.
    ///
    /// - Parameter positive: the name of class 1. Without it, of two names like cat and non-cat class 1 is the one
    ///   that the other ends in, and of cat and other it is cat; else it is the second in alphabetical order.
    public init(_ path: String, positive: String? = nil) throws(FileError) {
        var path = path
        while path.count > 1, path.hasSuffix("/") { path.removeLast() }
        let names = try Folder.names(in: path, expected: "a folder with one folder a class")
        let folders = names.filter { Folder.kind(of: "\(path)/\($0)") == .folder }
        isSplit = Set(folders).isSuperset(of: ["train", "test"])
        let used = isSplit ? ["train", "test"] : folders
        self.path = path
        strays = names.filter { !used.contains($0) }.map { [isSplit] name in
            FileError(
                .badData, file: "\(path)/\(name)",
                expected: isSplit ? "the folders train and test alone" : "folders of photos",
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
        try Folder.names(in: path, expected: "a folder with one folder a class")
            .filter { Folder.kind(of: "\(path)/\($0)") == .folder }
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

    /// The two names in the order of the classes.
    private static func classes(
        _ names: [String], in path: String, positive: String?
    ) throws(FileError) -> [String] {
        guard names.count == 2 else {
            throw FileError(
                .badData, file: path, expected: "two folders of photos, one a class", found: list(names))
        }
        for name in names where name.utf8.count > longestClassName {
            throw FileError(
                .badData, file: "\(path)/\(name)",
                expected: "a name of at most \(longestClassName) bytes, as it names a class",
                found: "\(name.utf8.count)")
        }
        for name in names where !DataSet.isClassName(name) {
            throw FileError(
                .badData, file: "\(path)/\(name)", expected: "a printable name, as it names a class",
                found: "\(Array(name.utf8))")
        }
        if let positive {
            // Names may be equal as text and yet two: é is one character or two.
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

    /// Reads all photos of both classes, several at a time, in the order of classes and names.
    ///
    /// - Parameters:
    ///   - role: which of the sets, where the folder is split.
    ///   - progress: called with how many of how many files are done, from any thread, one call at a time.
    /// - Returns: the images, and what could not be used.
    public func load(
        _ role: DataSetRole? = nil, progress: @Sendable (_ done: Int, _ count: Int) -> Void = { _, _ in }
    ) throws(FileError) -> (data: DataSet, skipped: [FileError]) {
        let folders = folders(role)
        let files = try files(in: folders)
        let photos = Self.read(files.map(\.path), progress)
        var images: [UInt8] = []
        var labels: [UInt8] = []
        var skipped: [FileError] = []
        for (file, photo) in zip(files, photos) {
            do throws(FileError) {
                images += try photo.get()
                labels.append(file.label)
            } catch {
                guard error.kind != .io else { throw error }
                skipped.append(error)
            }
        }
        for (label, folder) in folders.enumerated() where !labels.contains(UInt8(label)) {
            throw FileError(
                .badData, file: folder, expected: "one photo or more", found: Self.reason(skipped, folder))
        }
        return (DataSet(images: images, labels: labels, classes: classes), skipped)
    }

    /// Whether the path leads to one of the photos. Throws as `load` does.
    public func contains(_ file: String) throws(FileError) -> Bool {
        let roles: [DataSetRole?] = isSplit ? [.train, .test] : [nil]
        return try files(in: roles.flatMap(folders)).contains { OutputFile.isSameFile($0.path, file) }
    }

    /// Those of class 0 and of class 1.
    private func folders(_ role: DataSetRole?) -> [String] {
        classes.map { role == nil ? "\(path)/\($0)" : "\(path)/\(role!)/\($0)" }
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
        return "none that can be used; \(first)" + (files.count > 1 ? " (and \(files.count - 1) more)" : "")
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
        switch Folder.kind(of: file) {
        case .file: return try Picture.image(at: file)
        case .folder:
            throw FileError(.badData, file: file, expected: Picture.expected, found: "a folder")
        case .other:
            // Folder.names has put this character where a name is not UTF-8.
            let found = file.contains("\u{fffd}") ? "a name that is not UTF-8" : "no file"
            throw FileError(.badData, file: file, expected: Picture.expected, found: found)
        }
    }
}

extension DataSet {
    /// The same examples in an order that the seed decides.
    public func shuffled(seed: UInt32) -> DataSet {
        var dice = Dice(seed: seed)
        return examples(dice.shuffled(Array(0..<count)))
    }

    /// Two sets of the examples, each in its order here. Of each class about `testShare` goes to the test set: one
    /// at least, and never all. There is no test set where no class has two.
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

    private func examples(_ indices: [Int]) -> DataSet {
        var images: [UInt8] = []
        images.reserveCapacity(indices.count * Self.imageBytes)
        for index in indices { images += image(index) }
        return DataSet(images: images, labels: indices.map { labels[$0] }, classes: classes)
    }
}
