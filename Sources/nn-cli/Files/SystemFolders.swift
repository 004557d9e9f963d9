extension Console {
    /// Names the folders that were not looked into, because systems have added them.
    static func note(systemFolders: [String]) {
        guard let first = systemFolders.first else { return }
        let more = systemFolders.count - 1
        note("skipped folders of the system: \(first)\(more > 0 ? " and \(more) more" : "")")
    }
}
