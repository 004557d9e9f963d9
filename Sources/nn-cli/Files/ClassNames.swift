import NNData
import SwiftNN

extension DataSet {
    /// Compares the classes with those of a model or of another data set.
    ///
    /// - Throws: if they are the same two names in reverse order: all answers would be wrong. Other names may mean
    ///   the same classes, so they only give a warning.
    /// - Parameters:
    ///   - path: of this data set, for messages.
    ///   - other: the path of the model or of the other data set, for messages.
    func checkClasses(of path: String, are names: [String], of other: String) throws(FileError) {
        let isSame = { (a: [String], b: [String]) in zip(a, b).allSatisfy(Self.isSameClass) }
        guard !isSame(classes, names), names.contains(where: { !$0.isEmpty }) else { return }
        let text = { (names: [String]) in "class 0 \(names[0]), class 1 \(names[1])" }
        guard !isSame(classes, names.reversed()) else {
            throw FileError(
                .badData, file: path, expected: "\(text(names)), as in \(other)", found: text(classes))
        }
        Console.note(
            "warning: \(path) has \(text(classes)), but \(other) has \(text(names)); "
                + "they count as the same classes")
    }

    private static func isSameClass(_ a: String, _ b: String) -> Bool {
        a == b || Network.kept(a) == b || a == Network.kept(b)
    }
}

extension Network {
    /// What a model keeps of a class name: the whole characters of its first bytes.
    fileprivate static func kept(_ name: String) -> String {
        var scalars = name.unicodeScalars
        while String(scalars).utf8.count > longestClassName { scalars.removeLast() }
        return String(scalars)
    }

    /// Says which class names a model will cut.
    ///
    /// - Parameter path: where the names are from, for messages.
    /// - Throws: if it keeps the same of both.
    static func checkClassNames(_ names: [String], of path: String) throws(FileError) {
        guard names[0] == names[1] || kept(names[0]) != kept(names[1]) else {
            throw FileError(
                .badData, file: path,
                expected: "class names that differ in their first \(longestClassName) bytes",
                found: names.joined(separator: ", "))
        }
        for name in names where name.utf8.count > longestClassName {
            Console.note("\(path): the model keeps only \(kept(name)) of the class name \(name)")
        }
    }
}

extension Network {
    /// The name of a class, or its number where the model has no names.
    func className(_ index: Int) -> String {
        classNames[index].isEmpty ? String(index) : classNames[index]
    }
}
