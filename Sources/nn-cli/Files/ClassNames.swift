import NNData
import SwiftNN

extension DataSet {
    /// Whether the classes are those of a model or of another data set, which `other` is for messages. With the same
    /// two names the other way round all answers would be wrong: throws then. Other names may mean the same: says so.
    func checkClasses(of path: String, are names: [String], of other: String) throws(FileError) {
        let isSame = { (a: [String], b: [String]) in zip(a, b).allSatisfy(Self.isSameClass) }
        guard !isSame(classes, names), names.contains(where: { !$0.isEmpty }) else { return }
        let text = { (names: [String]) in "class 0 \(names[0]), class 1 \(names[1])" }
        guard !isSame(classes, names.reversed()) else {
            throw FileError(
                .badData, file: path, expected: "\(text(names)), as in \(other)", found: text(classes))
        }
        Console.note("\(path) has \(text(classes)); \(other) has \(text(names))")
    }

    /// A model has room for 31 bytes of a name, less up to three of a character that is cut.
    private static func isSameClass(_ a: String, _ b: String) -> Bool {
        let (short, long) = a.utf8.count < b.utf8.count ? (a, b) : (b, a)
        return short == long || (28...31 ~= short.utf8.count && long.hasPrefix(short))
    }
}

extension Network {
    /// The name of a class, or its number where the model has no names.
    func className(_ index: Int) -> String {
        classNames[index].isEmpty ? String(index) : classNames[index]
    }
}
