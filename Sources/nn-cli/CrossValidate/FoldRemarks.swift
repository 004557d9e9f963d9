import NNData
import SwiftNN

// Why the figures of a cross-validation say less than they seem to.

extension CrossValidation {
    /// With fewer photos of a class the interval goes from nearly 0 to nearly 1.
    private static let few = 10

    /// nil: there are enough of both.
    var classesWithFewPhotos: [Int]? {
        let classes = (0...1).filter { count(ofClass: $0) < Self.few }
        return classes.isEmpty ? nil : classes
    }

    private func count(ofClass label: Int) -> Int { examples.labels.count { Int($0) == label } }

    var remarks: [String] { [sequence, copies, fewPhotos].compactMap(\.self) }

    private var sequence: String? {
        guard likeness.isSequence else { return nil }
        let reason = "The photos look like frames taken one after another"
        return folds.block > 1
            ? "\(reason): \(folds.block) neighbours stay in one fold (--blocks decides)."
            : "\(reason), but no neighbours are kept together: the figures may be too good."
    }

    private var copies: String? {
        let pairs = alikeAcrossFolds.count
        guard pairs > 0 else { return nil }
        return
            "\(counted(pairs, "pair")) of photos nearly alike \(pairs == 1 ? "lies" : "lie") in different folds: "
            + "the figures may be too good."
    }

    private var fewPhotos: String? {
        guard let classes = classesWithFewPhotos else { return nil }
        guard classes.count == 1 else {
            return
                "With so few photos nothing can be said about photos not seen: take 30 or more of each class."
        }
        let (count, name) = (count(ofClass: classes[0]), examples.classNames[classes[0]])
        return
            "\(counted(count, "photo")) of \(name) \(count == 1 ? "is" : "are") too few to say anything about "
            + "photos not seen: take 30 or more of each class."
    }
}
