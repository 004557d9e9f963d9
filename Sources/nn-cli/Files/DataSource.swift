import NNData
import NNHDF5
import SwiftNN
import Synchronization

/// Labelled images that a command reads: a folder with a folder of photos per class, or a data set file.
struct DataSource {
    let path: String
    private let options: DataOptions
    /// nil: a file.
    private let folder: PhotoFolder?

    /// Looks at the folder, but reads no photo yet.
    ///
    /// - Parameter classes: the names in the model or the other data set that goes with this one. If the options do not say
    ///   which folder is class 1, it is the one that has this name there.
    init(_ path: String, _ options: DataOptions, like classes: [String]? = nil) throws {
        self.path = path
        self.options = options
        guard OutputFile.isFolder(path) else {
            try Self.checkFile(path, options)
            folder = nil
            return
        }
        guard options.images.isEmpty else {
            throw Failure.usage("--images works only with a data set file; \(path) is a folder")
        }
        // A folder that is like nothing else gives its own error.
        let likely =
            options.positive == nil ? classes.flatMap { try? PhotoFolder(path, positive: $0[1]) } : nil
        folder = try likely ?? PhotoFolder(path, positive: options.positive)
    }

    private static func checkFile(_ path: String, _ options: DataOptions) throws {
        let expected = "a folder of photos or a data set file"
        guard path != "-" else {
            throw FileError(
                .missing, file: path, expected: expected, found: "libhdf5 cannot read standard input")
        }
        // What cannot be looked at says why when it is opened.
        if !OutputFile.exists(path) { _ = try InputFile.readStart(path, expected: expected, count: 0) }
        guard options.positive == nil else {
            throw Failure.usage("--positive works only with a folder of photos; \(path) is none")
        }
    }

    /// Whether the path leads to the file, or to a photo in the folder.
    func contains(_ file: String) throws(FileError) -> Bool {
        try folder?.contains(file) ?? OutputFile.isSameFile(path, file)
    }

    /// Refuses to replace what is read by an output.
    func check(_ option: String, _ output: String) throws {
        guard try output == "-" || !contains(output) else {
            let kind = folder == nil ? "data set" : "photos"
            throw Failure.usage("\(option): expected a file other than the \(kind), got \(output)")
        }
    }

    /// Of two sets, a training set and a test set, reads the one for `role`.
    ///
    /// - Parameter isAsked: whether the command line says that this set is meant; else a note does.
    func read(_ role: DataSetRole, isAsked: Bool = false) throws(FileError) -> DataSet {
        guard let folder else { return try openFile(role, isAsked).read() }
        folder.explain()
        guard let sets = folder.sets else { return try folder.read() }
        let (used, other) = role == .train ? (sets.train, sets.test) : (sets.test, sets.train)
        if !isAsked {
            Console.note(
                "\(other) is left for \(role == .train ? "testing" : "training"); only \(used) is read")
        }
        return try folder.read(role)
    }

    /// The same, with images that are read part by part if the source is a file. Photos in a folder are read at once.
    func stream(_ role: DataSetRole, isAsked: Bool = false) throws(FileError) -> DataSetStream {
        guard folder == nil else { return DataSetStream(try read(role, isAsked: isAsked)) }
        return try openFile(role, isAsked).stream()
    }

    /// The class names, and the label of each image. The images of a data set file are not read.
    func readLabels(_ role: DataSetRole) throws(FileError) -> (classes: [String], labels: [UInt8]) {
        guard folder == nil else {
            let photos = try read(role)
            return (photos.classes, photos.labels)
        }
        return try openFile(role, false).readLabels()
    }

    private func openFile(_ role: DataSetRole, _ isAsked: Bool) throws(FileError) -> HDF5DataSet {
        let name = { (names: [String]) in role == .train ? names.first : names.last }
        let file = try HDF5DataSet(
            path, role: role, images: name(options.images), labels: name(options.labels))
        if file.wasChosen, !isAsked {
            let other = role == .train ? DataSetRole.test : .train
            Console.note(
                "\(path) holds two sets: the \(role.text) set is read "
                    + "(--images \(other)_set_x --labels \(other)_set_y read the other)")
        }
        return file
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
        if let first = photos.linksOut.first {
            let links = counted(photos.linksOut.count, "link")
            Console.note("skipped \(links) out of \(path): \(first) (cp -rL makes a folder without links)")
        }
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
    /// "52 images; class 0, other: 31; class 1, cats: 21"
    var contents: String { contentsText(labels, classes) }

    /// A line with the images of these indices, as in "mislabeled: 3 8 17", or a line for each name below it.
    func lines(_ title: String, _ indices: [Int]) -> [String] {
        names == nil
            ? [title + indices.map { " \($0)" }.joined()] : [title] + indices.map { "  \(name($0))" }
    }
}

extension DataSetStream {
    var contents: String { contentsText(labels, classes) }
}

private func contentsText(_ labels: [UInt8], _ classes: [String]) -> String {
    let ones = labels.count { $0 == 1 }
    return "\(counted(labels.count, "image")); class 0, \(classes[0]): \(labels.count - ones); "
        + "class 1, \(classes[1]): \(ones)"
}
