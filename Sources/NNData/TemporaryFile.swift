import SystemPackage

/// A file that is not complete, beside the one that it becomes: without a name of its own it is removed.
///
/// It is hidden, so that nobody who reads the folder takes it for a file of its own, and is for its owner's eyes alone. A
/// process that is killed leaves it: `.model.nnk.0123456789abcdef.part`.
final class TemporaryFile {
    let file: FileDescriptor
    let place: FilePlace
    private var isOpen = true
    private var isPlaced = false
    /// What a new file gets here.
    private var permissions = FilePermissions.ownerReadWrite

    /// - Parameter permissions: of the complete file, less those that the process gives no file (umask).
    init(
        beside target: FilePlace, permissions: FilePermissions = FilePermissions(rawValue: 0o666)
    ) throws(Errno) {
        (place, file) = try Self.create(beside: target, permissions)
        // The folder can have rules of its own. Where files have no permissions, these stay as they are.
        self.permissions = try file.stat().permissions
        if self.permissions != .ownerReadWrite { try? file.setPermissions(.ownerReadWrite) }
    }

    deinit {
        if isOpen { try? file.close() }
        if !isPlaced { try? place.remove() }
    }

    private static func create(
        beside target: FilePlace, _ permissions: FilePermissions
    ) throws(Errno) -> (FilePlace, FileDescriptor) {
        // Nobody guesses the name, so that one that is taken means that the random numbers are none.
        for _ in 0..<3 {
            let place = target.sibling(hiddenName(for: target.name))
            do throws(Errno) {
                let file = try place.open(.writeOnly, [.create, .exclusiveCreate], permissions: permissions)
                return (place, file)
            } catch .fileExists {}
        }
        throw .fileExists
    }

    /// A name that nobody guesses, hidden where folders are listed. Of a long name the first 50 code points are kept, 200 bytes
    /// at most, so that it is none too long.
    static func hiddenName(for name: FilePath.Component) -> FilePath.Component {
        let start = String.UnicodeScalarView(FilePath(name).text.unicodeScalars.prefix(50))
        let digits = String(UInt64.random(in: 0...UInt64.max), radix: 16)
        let number = String(repeating: "0", count: 16 - digits.count) + digits
        return FilePath(text: ".\(start).\(number).part").lastComponent!
    }

    /// The file is complete: it gets the permissions, the owner and the group of the one that it replaces.
    ///
    /// Only root may give files away. A group that cannot be kept is not replaced by another that may do the same.
    func complete(replacing old: Stat? = nil) throws(Errno) {
        let now = try file.stat()
        var permissions = self.permissions
        if let old {
            permissions = old.permissions.intersection(FilePermissions(rawValue: 0o777))
            let isOfSame = old.userID == now.userID && old.groupID == now.groupID
            if !isOfSame, !file.setOwner(old.userID, old.groupID), !file.setOwner(nil, old.groupID) {
                permissions.subtract(.groupReadWriteExecute)
            }
        }
        if permissions != now.permissions { try file.setPermissions(permissions) }
    }

    /// Gives the complete file its name; a file that has it is replaced.
    func move(to target: FilePlace) throws(Errno) {
        try close()
        try place.folder.file.renameFile(place.name, to: target.name, in: target.folder.file)
        isPlaced = true
    }

    /// Gives the complete file its name.
    ///
    /// - Throws: `fileExists` if a file has it.
    func moveIfFree(to target: FilePlace) throws(Errno) {
        try close()
        do throws(Errno) {
            try place.folder.file.linkFile(place.name, to: target.name, in: target.folder.file)
        } catch {
            // Some file systems have no hard links.
            guard error != .fileExists, try target.look() == nil else { throw .fileExists }
            try move(to: target)
        }
    }

    /// A full disk can be known only now.
    private func close() throws(Errno) {
        guard isOpen else { return }
        isOpen = false
        try file.closeFile()
    }
}
