import SystemPackage

/// All files in a folder and in the folders in it, by the order of their names.
///
/// A folder is read when its turn comes, so memory does not grow with their number. Hidden files and those that systems
/// add are left out.
public struct FolderWalk: Sequence, IteratorProtocol {
    public enum Item: Sendable, Equatable {
        case file(String)
        /// A hidden folder, or one that a system has added; the walk does not go into it.
        case systemFolder(String)
        /// A folder that cannot be read.
        case failure(FileError)
    }

    /// A folder on the way, with what is left of it, in reverse order.
    private struct Level {
        let path: String
        let identity: Identity?
        var rest: [(name: String, isFolder: Bool)]
    }

    private struct Identity: Hashable {
        let device: DeviceID
        let inode: Inode

        init?(_ path: FilePath) {
            guard let status = try? Stat(path) else { return nil }
            device = status.deviceID
            inode = status.inode
        }
    }

    /// The links that lead out of the folder that may not be left: those that were met so far.
    public private(set) var linksOut: [String] = []

    private let expected: String
    /// The folder that links may not lead out of; nil: they may.
    private let root: FilePath?
    /// The folders around the first.
    private let around: [Identity]
    private var levels: [Level] = []
    /// The folders that were read. Links can lead to one by so many paths that a walk would not end.
    private var visited: Set<Identity> = []
    /// System folders of the folder that was read last.
    private var systemFolders: [String] = []

    /// - Parameter expected: what the user should have given, for messages: "a folder of photos".
    /// - Throws: ``FileError``, `missing`, when the folder cannot be read.
    public init(_ path: String, expected: String) throws(FileError) {
        try self.init(path, expected: expected, within: nil)
    }

    /// - Parameter root: the folder that no link may lead out of, without links in its path; nil: they may.
    init(_ path: String, expected: String, within root: FilePath?) throws(FileError) {
        self.expected = expected
        self.root = root
        around = Self.around(FilePath(text: path))
        try enter(FilePath(path).string)  // without a slash at its end
    }

    public mutating func next() -> Item? {
        if let folder = systemFolders.popLast() { return .systemFolder(folder) }
        while let level = levels.indices.last {
            guard let (name, isFolder) = levels[level].rest.popLast() else {
                levels.removeLast()
                continue
            }
            let path = "\(levels[level].path)/\(name)"
            guard isFolder else { return .file(path) }
            do throws(FileError) {
                try enter(path)
            } catch {
                return .failure(error)
            }
            if let folder = systemFolders.popLast() { return .systemFolder(folder) }
        }
        return nil
    }

    private mutating func enter(_ path: String) throws(FileError) {
        let identity = Identity(FilePath(text: path))
        guard identity == nil || !(around + levels.map(\.identity)).contains(identity) else {
            throw FileError(
                .badData, file: path, expected: expected, found: "a link to a folder that it is in")
        }
        guard identity.map({ visited.insert($0).inserted }) != false else {
            throw FileError(
                .badData, file: path, expected: expected, found: "a link to a folder that is read already")
        }
        let content = try Folder.content(of: path, expected: expected, within: root)
        linksOut += content.linksOut.map { "\(path)/\($0)" }
        systemFolders = content.systemFolders.reversed().map { "\(path)/\($0)" }
        let names =
            content.files.map { (name: $0, isFolder: false) }
            + content.folders.map { (name: $0, isFolder: true) }
        levels.append(
            Level(path: path, identity: identity, rest: names.sorted { PathText.precedes($1.name, $0.name) }))
    }

    /// The folders that a folder is in, up to the root.
    private static func around(_ folder: FilePath) -> [Identity] {
        var parent = folder
        var folders: [Identity] = []
        while let identity = Identity(parent), identity != folders.last {
            folders.append(identity)
            parent.append("..")
        }
        return Array(folders.dropFirst())
    }
}
