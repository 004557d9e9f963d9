import SystemPackage

/// A name in a folder.
///
/// The folder is held open. Whatever happens to the path that led to it, the place stays the same.
struct FilePlace: Sendable {
    let folder: OpenFolder
    let name: FilePath.Component

    /// The same folder, another name.
    func sibling(_ name: FilePath.Component) -> FilePlace { FilePlace(folder: folder, name: name) }

    /// What is here, a symbolic link as well; nil if nothing is.
    func look() throws(Errno) -> Stat? {
        do throws(Errno) {
            return try Stat(FilePath(name), relativeTo: folder.file, flags: .symlinkNoFollow)
        } catch .noSuchFileOrDirectory {
            return nil
        }
    }

    /// Opens what is here; a link is an error.
    func open(
        _ mode: FileDescriptor.AccessMode, _ options: FileDescriptor.OpenOptions = [],
        permissions: FilePermissions = []
    ) throws(Errno) -> FileDescriptor {
        try .open(name, in: folder.file, mode, options.union([.noFollow, .closeOnExec]), permissions)
    }

    func remove() throws(Errno) { try folder.file.removeFile(name) }

    func makeFolder() throws(Errno) { try folder.file.makeFolder(name) }

    /// - Throws: unless the file here may be written to.
    func checkIsWritable() throws(Errno) { try folder.file.checkIsWritable(name) }

    /// Whether another user has put this here, in a folder where everybody may. Linux follows no such link, and opens no
    /// such file for a program that wants to create one (fs.protected_symlinks, _fifos, _regular), if it is told so.
    func isOfStranger(_ there: Stat) -> Bool {
        guard let shared = try? folder.file.stat() else { return true }
        let isForAll = shared.permissions.isSuperset(of: [.saveText, .otherWrite])
        return isForAll && there.userID != .ofProcess && there.userID != shared.userID
    }
}

/// A folder that is held open.
final class OpenFolder: Sendable {
    let file: FileDescriptor

    private init(_ file: FileDescriptor) { self.file = file }

    deinit { try? file.close() }

    /// The root folder, or the one that paths start from.
    convenience init(ofPath path: FilePath) throws(Errno) {
        self.init(try .openFolder(path.isAbsolute ? "/" : "."))
    }

    /// The folder that a path leads to now.
    static func at(_ path: String) throws(FileError) -> OpenFolder {
        func refusal(_ found: String) -> FileError {
            FileError(.io, file: path, expected: "a folder to write to", found: found)
        }
        guard case .folder(let folder) = try Destination(path, refusal: refusal) else {
            throw refusal("no folder")
        }
        return folder
    }

    /// A folder in this one; a link is an error.
    func folder(_ name: FilePath.Component) throws(Errno) -> OpenFolder {
        OpenFolder(try .openFolder(name, in: file))
    }

    /// Returns when the names in it are on the disk. Some file systems cannot say so, nor can a folder that may not be read.
    func sync() throws(Errno) {
        guard let folder = try? FileDescriptor.open(".", in: file, .readOnly, [.directory, .closeOnExec])
        else { return }
        defer { try? folder.close() }
        try folder.sync()
    }

    /// Whether the names in it are the numbers of the files that this process has open.
    var isOfOpenFiles: Bool {
        guard let own = try? Stat(FileDescriptor.folderOfOpenFiles), let this = try? file.stat() else {
            return false
        }
        return own.identity == this.identity
    }
}

extension Stat {
    /// No two files that are there at a time have the same.
    var identity: FileIdentity { FileIdentity(device: deviceID, inode: inode) }
}

struct FileIdentity: Equatable {
    let device: DeviceID
    let inode: Inode
}

// MARK: Where a path leads

/// Where a path leads to, for what is written there.
enum Destination {
    /// To a file that this process has open, such as its standard output.
    case openFile(FileDescriptor)
    /// To what is at a place, or will be.
    case place(FilePlace)
    /// Nowhere: this is a folder.
    case folder(OpenFolder)

    /// Where a path leads now. Links on the way are followed, but not those of a stranger.
    ///
    /// - Throws: ``FileError``, which `refusal` makes of what was found.
    init(_ path: String, refusal: (_ found: String) -> FileError) throws(FileError) {
        let path = FilePath(text: path)
        do {
            self = try Self.follow(path, refusal)
        } catch let error as FileError {
            throw error
        } catch Errno.noSuchFileOrDirectory {
            let isLink = (try? Stat(path, followTargetSymlink: false).type) == .symbolicLink
            throw refusal(isLink ? "a link to a file in no folder" : "no folder \(path.folder.text)")
        } catch {
            throw refusal("\(error)")
        }
    }

    private static func follow(_ path: FilePath, _ refusal: (String) -> FileError) throws -> Destination {
        // As many links as Linux follows.
        var linksLeft = 40
        var folder = try OpenFolder(ofPath: path)
        // The names that are still to be followed, the next one last.
        var names = Array(path.components.reversed())
        while let name = names.popLast() {
            let place = FilePlace(folder: folder, name: name)
            if names.isEmpty, let number = CInt(name.string), folder.isOfOpenFiles {
                return .openFile(FileDescriptor(rawValue: number))
            }
            let there = try place.look()
            if let there, there.type == .symbolicLink {
                guard linksLeft > 0 else { throw Errno.tooManySymbolicLinkLevels }
                guard !place.isOfStranger(there) else { throw refusal(strangersLink(place, path)) }
                linksLeft -= 1
                let destination = try folder.file.linkDestination(name)
                if destination.isAbsolute { folder = try OpenFolder(ofPath: destination) }
                names += destination.components.reversed()
            } else if names.isEmpty, name.kind == .regular, there?.type != .directory {
                return .place(place)
            } else {
                folder = try folder.folder(name)
            }
        }
        return .folder(folder)
    }

    private static func strangersLink(_ place: FilePlace, _ path: FilePath) -> String {
        let name = FilePath(place.name).text
        return (name == path.lastComponent.map { FilePath($0).text } ? "a link" : "the link \(name)")
            + " of another user in a folder that all may write to"
    }
}
