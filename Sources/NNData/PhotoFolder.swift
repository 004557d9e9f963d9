import Dispatch
import Synchronization
import SystemPackage

/// A folder with photos of two classes: one folder per class, or two such pairs in folders named train and test.
///
/// Photos may lie in deeper folders. Folders for training are also called training or training_set; for testing, test_set,
/// val or validation; in any case of letters. A single folder that holds all others, as in an archive, is looked into.
/// Links are followed as long as they stay in the folder: what lies elsewhere was not put there to be read.
public struct PhotoFolder: Sendable {
    /// The folder, without a slash at its end.
    public let path: String
    /// The names of class 0 and class 1: the names of their folders.
    public let classes: [String]
    /// The folders that are class 0 together, where there were more than two: their names.
    public let joinedFolders: [String]
    /// The folders of the training set and of the test set; nil if the photos are one set.
    public let sets: (train: String, test: String)?
    /// The files and folders that are not used, and why.
    public let strays: [FileError]

    private let layout: PhotoLayout

    /// Whether there are folders of a training set and a test set.
    public var isSplit: Bool { sets != nil }

    /// Finds the classes.
    ///
    /// - Parameter positive: the name of class 1. Without it, class 1 is cat for the names cat and non-cat (one ends in
    ///   the other) and for cat and other; otherwise it is the second name in alphabetical order. If there are more than
    ///   two folders, it is needed, and all others together are class 0, named "other".
    /// - Throws: ``FileError``; `missing` when a folder cannot be read, `badData` when there are no two classes.
    public init(_ path: String, positive: String? = nil) throws(FileError) {
        self.path = FilePath(path).string
        layout = try PhotoLayout(self.path, positive: positive)
        classes = layout.classes
        joinedFolders = layout.joined
        sets = layout.sets
        strays = layout.strays
    }

    /// What was read.
    public struct Photos: Sendable {
        public let data: DataSet
        /// The files that could not be used.
        public let skipped: [FileError]
        /// What is wrong with files that were used all the same.
        public let flaws: [(file: String, flaw: String)]
        /// Hidden folders, and those that systems have added: nothing in them was read.
        public let systemFolders: [String]
        /// Links out of the folder, none of which was followed.
        public let linksOut: [String]
    }

    /// Reads all photos of both classes, several at a time. They are ordered by class, then by path. Their names are
    /// paths that begin in the folder, as in "cat/1.jpg".
    ///
    /// - Parameters:
    ///   - role: the set to read, if the folder is split.
    ///   - progress: called with how many of how many files are done, from any thread, one call at a time.
    /// - Throws: ``FileError``; `io` when a file cannot be read, `badData` when a class has no photo.
    public func load(
        _ role: DataSetRole? = nil, progress: @Sendable (_ done: Int, _ count: Int) -> Void = { _, _ in }
    ) throws(FileError) -> Photos {
        let found = try files(role)
        let photos = Self.read(found.files.map(\.path), progress)
        var images: [UInt8] = []
        images.reserveCapacity(photos.count * DataSet.imageBytes)
        var labels: [UInt8] = []
        var names: [String] = []
        var flaws: [(file: String, flaw: String)] = []
        var skipped = found.failures
        for (file, photo) in zip(found.files, photos) {
            do throws(FileError) {
                let photo = try photo.get()
                images += photo.image
                flaws += photo.flaws.map { (file.path, $0) }
                labels.append(file.label)
                names.append(name(file.path))
            } catch {
                guard error.kind != .io else { throw error }
                skipped.append(error)
            }
        }
        for (label, folders) in layout.classFolders(role).enumerated() where !labels.contains(UInt8(label)) {
            throw FileError(
                .badData, file: folders[0], expected: "at least one photo",
                found: Self.reason(skipped, found.linksOut, folders[0]))
        }
        return Photos(
            data: DataSet(images: images, labels: labels, classes: classes, names: names), skipped: skipped,
            flaws: flaws, systemFolders: layout.systemFolders + found.systemFolders,
            linksOut: layout.linksOut + found.linksOut)
    }

    /// A photo's path from this folder on.
    private func name(_ file: String) -> String {
        String(decoding: file.utf8.dropFirst(path.utf8.count + 1), as: UTF8.self)
    }

    /// Whether the path leads to one of the photos.
    ///
    /// - Throws: ``FileError``, `missing`, when a folder cannot be read.
    public func contains(_ file: String) throws(FileError) -> Bool {
        guard OutputFile.exists(file) else { return false }
        for role: DataSetRole? in isSplit ? [.train, .test] : [nil] {
            if try files(role).files.contains(where: { OutputFile.isSameFile($0.path, file) }) { return true }
        }
        return false
    }

    private struct Files {
        var files: [(path: String, label: UInt8)] = []
        var failures: [FileError] = []
        var systemFolders: [String] = []
        var linksOut: [String] = []
    }

    private func files(_ role: DataSetRole?) throws(FileError) -> Files {
        var found = Files()
        for (label, folders) in layout.classFolders(role).enumerated() {
            for folder in folders where role != .test || OutputFile.isFolder(folder) {
                var walk = try FolderWalk(folder, expected: "a folder of photos", within: layout.place)
                while let item = walk.next() {
                    switch item {
                    case .file(let path): found.files.append((path, UInt8(label)))
                    case .systemFolder(let path): found.systemFolders.append(path)
                    case .failure(let error): found.failures.append(error)
                    }
                }
                found.linksOut += walk.linksOut
            }
        }
        return found
    }

    private static func reason(_ skipped: [FileError], _ linksOut: [String], _ folder: String) -> String {
        let files = skipped.filter { $0.file.hasPrefix(folder + "/") }
        guard let first = files.first else {
            let links = linksOut.count { $0.hasPrefix(folder + "/") }
            return links > 0 ? "\(counted(links, "link")) out of the folder" : "none"
        }
        return "\(counted(files.count, "unusable file")) (\(first))"
    }

    private static func read(
        _ files: [String], _ progress: @Sendable (Int, Int) -> Void
    ) -> [Result<Picture, FileError>] {
        let state = Mutex((photos: [Int: Result<Picture, FileError>](), done: 0))
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

    private static func read(_ file: String) throws(FileError) -> Picture {
        // What can't be looked at can't be opened, which says why.
        guard [.regular, nil].contains(Folder.type(of: file)) else {
            throw FileError(.badData, file: file, expected: Picture.expected, found: "no file")
        }
        return try Picture(at: file)
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
