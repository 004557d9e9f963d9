import NNData

/// One step on the way through all inputs.
enum Input: Sendable {
    /// A file that the user named.
    case named(String)
    /// A file in a folder that the user named: it may be no photo.
    case found(String)
    /// A folder that is left out of another.
    case systemFolder(String)
    case failed(FileError)
}

/// What the run itself writes, which is no input.
struct OwnFiles {
    /// The folders that photos are sorted into.
    var sorted: FolderPlaces?
    let table: String?

    mutating func contains(_ file: String) -> Bool {
        sorted?.contains(file) == true || table.map { OutputFile.isSameFile(file, $0) } == true
    }
}

/// All inputs: what the arguments name, then what the list names; of a folder, all files in it and in its folders.
struct Inputs: IteratorProtocol {
    private var arguments: ArraySlice<String>
    private var list: NameList?
    private var folder: FolderInputs?
    private let own: OwnFiles

    init(_ arguments: [String], _ list: NameList?, except own: OwnFiles) {
        self.arguments = arguments[...]
        self.list = list
        self.own = own
    }

    mutating func next() -> Input? {
        while true {
            if let input = folder?.next() { return input }
            folder = nil
            do throws(FileError) {
                guard let name = try nextName() else { return nil }
                guard name != "-", OutputFile.isFolder(name) else { return .named(name) }
                folder = try FolderInputs(name, except: own)
            } catch {
                return .failed(error)
            }
        }
    }

    private mutating func nextName() throws(FileError) -> String? {
        if let argument = arguments.popFirst() { return argument }
        do throws(FileError) {
            return try list?.next()
        } catch {
            list = nil
            throw error
        }
    }
}

/// The files in a folder and in its folders.
private struct FolderInputs {
    private let path: String
    private var walk: FolderWalk
    private var own: OwnFiles
    private var isEmpty = true

    private static let expected = "a folder of photos"

    init(_ path: String, except own: OwnFiles) throws(FileError) {
        self.path = path
        self.own = own
        walk = try FolderWalk(path, expected: Self.expected)
    }

    mutating func next() -> Input? {
        while let entry = walk.next() {
            switch entry {
            // What was sorted before is not sorted again.
            case .file(let file) where own.contains(file): isEmpty = false
            case .file(let file):
                isEmpty = false
                return .found(file)
            case .systemFolder(let folder): return .systemFolder(folder)
            case .failure(let error):
                isEmpty = false
                return .failed(error)
            }
        }
        guard isEmpty else { return nil }
        isEmpty = false
        return .failed(
            FileError(.badData, file: path, expected: Self.expected, found: "no file in it"))
    }
}
