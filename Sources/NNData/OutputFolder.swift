import SystemPackage

/// Writing a new folder of files: a reader finds all of them or no folder.
///
/// The files go to a hidden folder beside the target. It gets the target's name once it is complete and on the disk; without
/// ``finish()`` it is removed. A process that is killed leaves it: `.shards.0123456789abcdef.part`.
package final class OutputFolder {
    /// The path as the user wrote it.
    package let path: String
    private let target: FilePlace
    /// Where the folder is until it is complete.
    private let hidden: FilePlace
    private let folder: OpenFolder
    private var names: [FilePath.Component] = []
    private var isPlaced = false

    /// - Throws: ``FileError``, `io`: something is at the path that is no empty folder, or nothing can be written there.
    package init(_ path: String) throws(FileError) {
        self.path = path
        let file = FilePath(text: path)
        guard let name = file.lastComponent, name.kind == .regular else {
            throw Self.refusal(path, "no name")
        }
        target = FilePlace(folder: try .at(file.folder.text), name: name)
        let hidden = target.sibling(TemporaryFile.hiddenName(for: name))
        self.hidden = hidden
        let refusal = { Self.refusal(path, $0) }
        folder = try FileError.rethrowing(as: refusal) {
            try hidden.makeFolder()
            do {
                return try hidden.folder.folder(hidden.name)
            } catch {
                try? hidden.folder.file.removeFolder(hidden.name)
                throw error
            }
        }
        try checkIsFree()
    }

    deinit {
        guard !isPlaced else { return }
        for name in names { try? folder.file.removeFile(name) }
        try? hidden.folder.file.removeFolder(hidden.name)
    }

    private static func refusal(_ path: String, _ found: String) -> FileError {
        FileError(.io, file: path, expected: "a new folder to write", found: found)
    }

    private func calling<Result>(_ calls: () throws -> Result) throws(FileError) -> Result {
        try FileError.rethrowing(as: { Self.refusal(path, $0) }, calls)
    }

    /// An empty folder may be there, which is replaced.
    private func checkIsFree() throws(FileError) {
        switch try calling({ try target.look() })?.type {
        case nil: break
        case .directory?:
            guard try calling({ try FilePath(text: path).names() }).isEmpty else {
                throw Self.refusal(path, "a folder that is not empty")
            }
        case .symbolicLink?: throw Self.refusal(path, "a link")
        default: throw Self.refusal(path, "a file")
        }
    }

    /// Gives the complete folder its name.
    ///
    /// - Throws: ``FileError``, `io`; nothing is at the path then, unless the folder around it is all that could not be written
    ///   to the disk.
    package func finish() throws(FileError) {
        try calling { try folder.sync() }
        try checkIsFree()
        try calling {
            try hidden.folder.file.renameFile(hidden.name, to: target.name, in: target.folder.file)
            isPlaced = true
            try target.folder.sync()
        }
    }
}

// MARK: Its files

extension OutputFolder {
    /// A file in the folder, written from its beginning.
    package final class File {
        private let folder: OutputFolder
        private let name: String
        private let file: FileDescriptor
        private var isOpen = true

        fileprivate init(
            _ name: String, in folder: OutputFolder, _ options: FileDescriptor.OpenOptions
        ) throws(FileError) {
            self.folder = folder
            self.name = name
            let place = FilePlace(folder: folder.folder, name: FilePath.Component(name)!)
            let refusal = { Self.refusal(folder.path, name, $0) }
            file = try FileError.rethrowing(as: refusal) {
                try place.open(.writeOnly, options, permissions: FilePermissions(rawValue: 0o666))
            }
        }

        deinit { if isOpen { try? file.close() } }

        private static func refusal(_ folder: String, _ name: String, _ found: String) -> FileError {
            FileError(.io, file: "\(folder)/\(name)", expected: "a file to write", found: found)
        }

        private func calling<Result>(_ calls: () throws -> Result) throws(FileError) -> Result {
            try FileError.rethrowing(as: { Self.refusal(folder.path, name, $0) }, calls)
        }

        package func write(_ bytes: [UInt8]) throws(FileError) { try calling { try file.writeWhole(bytes) } }

        /// Returns when what was written is on the disk. Nothing more can be written then.
        package func finish() throws(FileError) {
            try calling {
                try file.sync()
                isOpen = false
                try file.closeFile()
            }
        }
    }

    /// - Precondition: `name` is the name of a file, not a path, and none in the folder.
    package func create(_ name: String) throws(FileError) -> File {
        let file = try File(name, in: self, [.create, .exclusiveCreate])
        names.append(FilePath.Component(name)!)
        return file
    }

    /// Opens a file that was created here.
    package func reopen(_ name: String) throws(FileError) -> File { try File(name, in: self, []) }
}
