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
        let isSame = { (a: [String], b: [String]) in zip(a, b).allSatisfy(ClassName.areSame) }
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
}

extension Network {
    /// Says which class names a model will cut.
    ///
    /// - Parameter path: where the names are from, for messages.
    /// - Throws: if they cannot name two classes. Two empty ones are none.
    static func checkClassNames(_ names: [String], of path: String) throws(FileError) {
        guard names != ["", ""] else { return }
        if let defect = ClassName.defect(of: names) {
            throw FileError(.badData, file: path, expected: defect.expected, found: defect.found)
        }
        for name in names where name.utf8.count > ClassName.longest {
            Console.note("\(path): the model keeps only \(ClassName.kept(name)) of the class name \(name)")
        }
    }
}

extension Network {
    /// The name of a class, or its number where the model has no names that tell the classes apart.
    func className(_ index: Int) -> String {
        classNames[index].isEmpty || classNames[0] == classNames[1] ? String(index) : classNames[index]
    }
}
