import SystemPackage

/// Puts files into a folder where none is ever overwritten.
///
/// A file keeps its name. If another file has it, -2, -3 and so on are added. A file whose content is there under one of
/// these names is not added again.
package struct FilePlacement: Sendable {
    private let isLinking: Bool
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
        let place = FilePath(text: folder).appending(FilePath(text: source).lastComponent ?? "photo")
        var family = families.removeValue(forKey: place) ?? NameFamily(first: place)
        defer { if family.count > 1 { families[place] = family } }
        try family.add(original, isLinking: isLinking)
    }

    fileprivate static let expected = "a file to sort"
}

/// The files of one name, or of this name and a number.
private struct NameFamily {
    let first: FilePath
    /// How many are known to be there; they have the numbers 1 ... count.
    private(set) var count = 0
    /// The numbers of those of a size: only these can be equal.
    private var numbers: [Int64: [Int]] = [:]

    init(first: FilePath) { self.first = first }

    mutating func add(_ original: Original, isLinking: Bool) throws(FileError) {
        repeat {
            look()
            let candidates = numbers[original.stat.size] ?? []
            if candidates.contains(where: { original.isEqual(to: place($0)) }) { return }
        } while try !original.put(at: place(count + 1), isLinking: isLinking)
    }

    /// Notes the files that have come, up to the first number that is free.
    private mutating func look() {
        while let there = try? Stat(place(count + 1), followTargetSymlink: false) {
            count += 1
            numbers[there.size, default: []].append(count)
        }
    }

    private func place(_ number: Int) -> FilePath {
        guard number > 1, let name = first.lastComponent else { return first }
        return first.removingLastComponent().appending(name.numbered(number))
    }
}

/// A file that is copied or linked.
private struct Original {
    /// The path as the user wrote it.
    let source: String
    let file: FileDescriptor
    let stat: Stat

    func isEqual(to place: FilePath) -> Bool {
        guard let there = try? Stat(place, followTargetSymlink: false) else { return false }
        if (there.deviceID, there.inode) == (stat.deviceID, stat.inode) { return true }
        guard there.type == .regular, there.size == stat.size,
            let other = try? FileDescriptor.open(place, .readOnly, options: .closeOnExec)
        else { return false }
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
    func put(at place: FilePath, isLinking: Bool) throws(FileError) -> Bool {
        do {
            if isLinking {
                try FilePath(text: source).link(to: place)
            } else {
                try copy(to: place)
            }
            return true
        } catch Errno.fileExists {
            return false
        } catch Errno.fileNameTooLong {
            throw FileError(
                .io, file: source, expected: FilePlacement.expected,
                found: "a name too long for \(place.folder.text)")
        } catch let error as FileError {
            throw error
        } catch let error as Errno {
            let found =
                switch error {
                case .improperLink: "another file system, which a hard link cannot lead to"
                default: error.text(missing: "folder")
                }
            throw FileError(.io, file: place.text, expected: "a file to write", found: found)
        } catch {
            preconditionFailure("\(error)")
        }
    }

    /// The copy gets its name once it is complete.
    private func copy(to place: FilePath) throws {
        let (copy, temporary) = try place.createTemporary(
            permissions: stat.permissions.intersection(FilePermissions(rawValue: 0o777)))
        defer { try? temporary.removeFile() }
        try copy.closeAfter {
            var offset: Int64 = 0
            while case let block = try readBlock(at: offset), !block.isEmpty {
                offset += Int64(try copy.writeAll(block))
            }
            try copy.setTimes(of: stat)
        }
        guard FileVersion(stat) == (try? file.stat()).map(FileVersion.init) else {
            throw FileError(
                .io, file: source, expected: FilePlacement.expected,
                found: "a file that changes while it is copied")
        }
        do throws(Errno) {
            try temporary.link(to: place)
        } catch {
            // Some file systems have no hard links. A moment ago there was no such file.
            guard error != .fileExists else { throw error }
            try temporary.move(to: place)
        }
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
