/// What may name a class of a new data set or model, wherever the name enters: as a folder, in a data set, as an option,
/// or with the weights of another program.
package enum ClassName {
    /// Bytes of UTF-8 that a model has room for.
    package static let longest = 31

    /// Whether a model keeps more of the text than spaces, and it has no hidden characters, nor bytes that are not UTF-8.
    package static func isValid(_ name: String) -> Bool {
        kept(name).contains { $0 != " " } && !name.unicodeScalars.contains(where: \.isHidden)
    }

    /// What a model keeps of a name: the whole characters of its first bytes.
    package static func kept(_ name: String) -> String {
        var name = name
        while name.utf8.count > longest { name.removeLast() }
        return name
    }

    /// Whether a file would have one name for both: é is one code point or two; a model keeps 31 bytes; spaces at the end are
    /// padding in HDF5.
    package static func areSame(_ a: String, _ b: String) -> Bool { unpadded(kept(a)) == unpadded(kept(b)) }

    /// What is expected in place of two that are the same.
    package static let expectedTwo = "class names that differ in their first \(longest) bytes"

    /// What is wrong with the names of two classes; nil: nothing.
    package static func defect(of names: [String]) -> (expected: String, found: String)? {
        if let name = names.first(where: { !isValid($0) }) { return ("printable class names", "\"\(name)\"") }
        return areSame(names[0], names[1]) ? (expectedTwo, names.joined(separator: ", ")) : nil
    }

    private static func unpadded(_ name: String) -> Substring {
        name.prefix(upTo: name.lastIndex { $0 != " " }.map(name.index(after:)) ?? name.startIndex)
    }
}
