import SystemPackage

extension Picture {
    /// The ends of names by which people and programs know pictures, also those of kinds that are not read.
    private static let extensions: Set = [
        "jpg", "jpeg", "jpe", "jfif", "png", "webp", "gif", "bmp", "dib", "tif", "tiff", "heic", "heif",
        "avif", "jxl",
        "jp2", "dng", "cr2", "cr3", "nef", "arw", "orf", "raf", "rw2",
    ]

    /// Whether a file that could not be read seems to be a picture, by its name or its first bytes: then it is missed,
    /// while other files may well lie beside pictures.
    package static func isLikely(at path: String) -> Bool {
        if let end = FilePath(text: path).extension?.lowercased(), extensions.contains(end) { return true }
        let start = try? InputFile.start(ofRegular: path, count: FileKind.startBytes)
        return start.flatMap(FileKind.name(of:))?.contains("picture") ?? false
    }
}
