import NNData
import Synchronization

/// What to learn from: a folder with a folder of photos per class, or a data set file.
enum PhotoSource {
    case folder(PhotoFolder)
    case file(String, ArrayNames)

    /// Looks at the folder, but reads no photo yet.
    ///
    /// - Parameter positive: the name of the folder of class 1. A data set file says itself which class this is.
    init(_ path: String, positive: String?, arrays: ArrayNames) throws {
        guard !OutputFile.isFolder(path) else {
            guard arrays.images.isEmpty else {
                throw Failure.usage("--images works only with a data set file; \(path) is a folder")
            }
            self = .folder(try PhotoFolder(path, positive: positive))
            return
        }
        guard OutputFile.exists(path) else {
            throw FileError(
                .missing, file: path, expected: "a folder of photos or a data set file", found: "no such file"
            )
        }
        guard positive == nil else {
            throw Failure.usage("--positive works only with a folder of photos; \(path) is none")
        }
        self = .file(path, arrays)
    }

    /// Whether the path leads to the file, or to a photo in the folder.
    func contains(_ path: String) throws(FileError) -> Bool {
        switch self {
        case .folder(let folder): try folder.contains(path)
        case .file(let file, _): OutputFile.isSameFile(file, path)
        }
    }

    /// Refuses to replace photos by an output.
    func check(_ option: String, _ path: String) throws {
        guard try !contains(path) else {
            throw Failure.usage("\(option): expected a file other than the photos, got \(path)")
        }
    }

    /// Of a folder that holds a training set and a test set, the training set.
    func read() throws(FileError) -> DataSet {
        switch self {
        case .file(let path, let arrays):
            return try arrays.load(path, .train)
        case .folder(let folder):
            folder.explain()
            guard let sets = folder.sets else { return try folder.read() }
            Console.note("\(sets.test) is left for testing; only \(sets.train) is read")
            return try folder.read(.train)
        }
    }
}

extension PhotoFolder {
    /// Reads the photos with a bar that shows how far it is, and lists those that are skipped.
    func read(_ role: DataSetRole? = nil) throws(FileError) -> DataSet {
        let report = Mutex<ProgressReport?>(nil)
        let photos = try load(role) { done, count in
            report.withLock {
                if $0 == nil { $0 = ProgressReport(total: count, unit: "photos") }
                $0?.update(done, cost: nil)
            }
        }
        report.withLock { $0?.clear() }
        for photo in photos.skipped { Console.note("skipped \(photo)") }
        for (file, flaw) in photos.flaws { Console.note("warning: \(file): \(flaw)") }
        Console.note(systemFolders: photos.systemFolders)
        return photos.data
    }

    /// Says how the folder was understood.
    func explain() {
        for stray in strays { Console.note("skipped \(stray)") }
        if !joinedFolders.isEmpty {
            Console.note("class 0, \(classes[0]): \(joinedFolders.joined(separator: ", "))")
        }
    }
}

extension DataSet {
    /// Images of these indices: "3 8 17", or a line for each name.
    func list(_ indices: [Int]) -> String {
        names == nil
            ? indices.map(String.init).joined(separator: " ") : indices.map { "\n  \(name($0))" }.joined()
    }

    /// "52 images; class 0, other: 31; class 1, cats: 21"
    var contents: String {
        let ones = labels.count { $0 == 1 }
        return "\(counted(count, "image")); class 0, \(classes[0]): \(count - ones); "
            + "class 1, \(classes[1]): \(ones)"
    }
}
