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

    /// Says which class names a model cuts.
    ///
    /// - Throws: if it keeps the same name of both.
    func checkClassNames(of path: String) throws(FileError) {
        let most = Network.longestClassName
        let long = classes.filter { $0.utf8.count > most }
        guard classes[0].utf8.prefix(most).elementsEqual(classes[1].utf8.prefix(most)) == false else {
            throw FileError(
                .badData, file: path, expected: "class names that differ in their first \(most) bytes",
                found: classes.joined(separator: ", "))
        }
        for name in long {
            Console.note("\(path): the model keeps only the first \(most) bytes of the class name \(name)")
        }
    }

    /// A model keeps so many bytes of a name, or up to three fewer so that no character is cut.
    private static func isSameClass(_ a: String, _ b: String) -> Bool {
        let (short, long) = a.utf8.count < b.utf8.count ? (a, b) : (b, a)
        return short == long
            || (-3...0 ~= short.utf8.count - Network.longestClassName && long.hasPrefix(short))
    }
}

extension Network {
    /// The name of a class, or its number where the model has no names.
    func className(_ index: Int) -> String {
        classNames[index].isEmpty ? String(index) : classNames[index]
    }
}
