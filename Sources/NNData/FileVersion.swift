import SystemPackage

/// What changes when a file is written or replaced. A new link to the file does not change it.
package struct FileVersion: Equatable, Sendable {
    private let inode: Inode
    private let size: Int64
    private let seconds: Int
    private let nanoseconds: Int

    /// nil if there is no regular file at the path.
    package init?(_ path: String) {
        guard let stat = try? Stat(FilePath(text: path)), stat.type == .regular else { return nil }
        self.init(stat)
    }

    init(_ stat: Stat) {
        (inode, size) = (stat.inode, stat.size)
        (seconds, nanoseconds) = (Int(stat.st_mtim.tv_sec), Int(stat.st_mtim.tv_nsec))
    }
}
