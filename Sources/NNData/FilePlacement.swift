import SystemPackage

/// Puts files into a folder where none is ever overwritten.
///
/// A file keeps its name. If another file has it, -2, -3 and so on are added. A file whose content is there under one of
/// these names is not added again.
package struct FilePlacement: Sendable {
    private let isLinking: Bool
    /// The folders, by their paths: each stays the one that it was at the first file.
    private var folders: [String: OpenFolder] = [:]
    /// Of names that several files have, by the path of the first: so a name that thousands have does not cost a look at all
    /// of them for each. Other names take no memory.
    private var families: [FilePath: NameFamily] = [:]

    /// - Parameter isLinking: whether to make hard links instead of copies.
    package init(isLinking: Bool) { self.isLinking = isLinking }

    /// A copy keeps its file's time of modification.
    ///
    /// - Throws: ``FileError``, which names the source where this cannot be read.
    package mutating func add(_ source: String, to folder: String) throws(FileError) {
        let file = try InputFile.open(source, expected: Self.expected)
        defer { try? file.close() }
        guard let stat = try? file.stat(), stat.type == .regular else {
            throw FileError(.badData, file: source, expected: Self.expected, found: "a pipe or a device")
        }
        let original = Original(source: source, file: file, stat: stat)
        let name = FilePath(text: source).lastComponent ?? "photo"
        let path = FilePath(text: folder).appending(name)
        let place = try place(of: name, in: folder)
        var family = families.removeValue(forKey: path) ?? NameFamily(first: place)
        defer { if family.count > 1 { families[path] = family } }
        try family.add(original, to: folder, isLinking: isLinking)
    }

    private mutating func place(
        of name: FilePath.Component, in path: String
    ) throws(FileError) -> FilePlace {
        if let folder = folders[path] { return FilePlace(folder: folder, name: name) }
        let folder = try OpenFolder.at(path)
        folders[path] = folder
        return FilePlace(folder: folder, name: name)
    }

    fileprivate static let expected = "a file to sort"
}

/// The files of one name, or of this name and a number.
private struct NameFamily {
    let first: FilePlace
    /// How many are known to be there; they have the numbers 1 ... count.
    private(set) var count = 0
    /// The numbers of those of a size: only these can be equal.
    private var numbers: [Int64: [Int]] = [:]

    init(first: FilePlace) { self.first = first }

    mutating func add(_ original: Original, to folder: String, isLinking: Bool) throws(FileError) {
        repeat {
            look()
            let candidates = numbers[original.stat.size] ?? []
            if candidates.contains(where: { original.isEqual(to: place($0)) }) { return }
        } while try !original.put(at: place(count + 1), in: folder, isLinking: isLinking)
    }

    /// Notes the files that have come, up to the first number that is free.
    private mutating func look() {
        while let there = try? place(count + 1).look() {
            count += 1
            numbers[there.size, default: []].append(count)
        }
    }

    private func place(_ number: Int) -> FilePlace {
        number > 1 ? first.sibling(first.name.numbered(number)) : first
    }
}

/// A file that is copied or linked.
private struct Original {
    /// The path as the user wrote it.
    let source: String
    let file: FileDescriptor
    let stat: Stat

    func isEqual(to place: FilePlace) -> Bool {
        guard let there = try? place.look() else { return false }
        if there.identity == stat.identity { return true }
        guard there.type == .regular, there.size == stat.size, let other = try? place.open(.readOnly) else {
            return false
        }
        let isEqual = try? other.closeAfter {
            var offset: Int64 = 0
            while true {
                let (a, b) = (try file.block(at: offset), try other.block(at: offset))
                guard a == b else { return false }
                guard !a.isEmpty else { return true }
                offset += Int64(a.count)
            }
        }
        return isEqual ?? false
    }

    /// - Returns: false if another file has got the name in the meantime.
    func put(at place: FilePlace, in folder: String, isLinking: Bool) throws(FileError) -> Bool {
        do {
            if isLinking {
                try FilePath(text: source).link(to: place.name, in: place.folder.file)
            } else {
                try copy(to: place)
            }
            return true
        } catch Errno.fileExists {
            return false
        } catch Errno.fileNameTooLong {
            throw FileError(
                .io, file: source, expected: FilePlacement.expected, found: "a name too long for \(folder)")
        } catch let error as FileError {
            throw error
        } catch let error as Errno {
            let found =
                switch error {
                case .improperLink: "another file system, which a hard link cannot lead to"
                default: error.text(missing: "folder")
                }
            throw FileError(
                .io, file: FilePath(text: folder).appending(place.name).text, expected: "a file to write",
                found: found)
        } catch {
            preconditionFailure("\(error)")
        }
    }

    /// The copy gets its name once it is complete.
    private func copy(to place: FilePlace) throws {
        // The temporary name fits where this one may be too long.
        _ = try place.look()
        let copy = try TemporaryFile(
            beside: place, permissions: stat.permissions.intersection(FilePermissions(rawValue: 0o777)))
        var offset: Int64 = 0
        while case let block = try readBlock(at: offset), !block.isEmpty {
            try copy.file.writeWhole(block)
            offset += Int64(block.count)
        }
        guard FileVersion(stat) == (try? file.stat()).map(FileVersion.init) else {
            throw FileError(
                .io, file: source, expected: FilePlacement.expected,
                found: "a file that changes while it is copied")
        }
        try copy.complete()
        try copy.file.setTimes(of: stat)
        try copy.moveIfFree(to: place)
    }

    private func readBlock(at offset: Int64) throws(FileError) -> [UInt8] {
        try FileError.rethrowing(
            as: { FileError(.io, file: source, expected: FilePlacement.expected, found: $0) },
            { try file.block(at: offset) })
    }
}

extension FileDescriptor {
    /// Up to 64 KB at this place; empty at the end of the file.
    fileprivate func block(at offset: Int64) throws -> [UInt8] {
        try [UInt8](unsafeUninitializedCapacity: 1 << 16) { buffer, count in
            count = try read(fromAbsoluteOffset: offset, into: UnsafeMutableRawBufferPointer(buffer))
        }
    }
}

extension FilePath.Component {
    /// photo.jpg with 2 is photo-2.jpg.
    fileprivate func numbered(_ number: Int) -> FilePath.Component {
        let end = `extension`.map { ".\($0)" } ?? ""
        return FilePath.Component("\(stem)-\(number)\(end)") ?? self
    }
}
