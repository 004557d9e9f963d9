import NNData
import SwiftNN

/// The answer of `teach`: in lines for people, and as JSON.
struct TeachReport {
    let lesson: Lesson
    let data: DataSet
    let arenaBytes: Int
    let model: ModelSummary
    /// Seconds of reading the photos, and of everything.
    let load: Double
    let total: Double

    /// What the user can do, the most useful first.
    enum Advice: String, Encodable {
        case morePhotos = "more_photos"
        case morePhotosOfClass0 = "more_photos_of_class_0"
        case morePhotosOfClass1 = "more_photos_of_class_1"
        case checkLabels = "check_labels"
        case checkCopies = "check_copies"
    }

    /// Photos whose own class has a lower probability are named.
    static let doubtful = 0.2
    private static let mostDoubtful = 10
    private static let mostAlike = 3

    var doubtful: [Lesson.Doubt] { mostDoubtful.filter { $0.probability < Self.doubtful } }

    private var mostDoubtful: [Lesson.Doubt] { Array(lesson.doubtful.prefix(Self.mostDoubtful)) }

    var validation: CrossValidation { lesson.heldOut.validation }

    private func isOfBothClasses(_ pair: AlikePair) -> Bool {
        data.labels[pair.first] != data.labels[pair.second]
    }

    /// Pairs of both classes come first: at least one of the two has a wrong label.
    var alike: [AlikePair] {
        let alike = validation.likeness.alike
        return alike.filter(isOfBothClasses) + alike.filter { !isOfBothClasses($0) }
    }

    var advice: [Advice] {
        var advice: [Advice] = []
        if let few = validation.classesWithFewPhotos {
            advice.append(
                few.count == 2 ? .morePhotos : few == [0] ? .morePhotosOfClass0 : .morePhotosOfClass1)
        } else if let label = lesson.learningCurve.classToAdd {
            advice.append(label == 0 ? .morePhotosOfClass0 : .morePhotosOfClass1)
        } else if learnsFromMore {
            advice.append(.morePhotos)
        }
        if !doubtful.isEmpty { advice.append(.checkLabels) }
        if alike.contains(where: isOfBothClasses) { advice.append(.checkCopies) }
        return advice
    }

    /// Whether half of the photos are worse by more than a standard error.
    private var learnsFromMore: Bool {
        let points = lesson.learningCurve.points
        guard let all = points.last, let half = points.dropLast().last else { return false }
        return half.scores.logLoss - all.scores.logLoss > all.scores.logLossError
    }
}

// MARK: In lines

extension TeachReport {
    var lines: [String] {
        validation.remarks + [chosen, expectation, comparison] + withoutSkill + [help] + doubtfulLines
            + alikeLines
    }

    var chosen: String {
        let recipe = lesson.recipe
        let photos = recipe.mirrors ? "photos also mirrored" : "photos as they are, not mirrored"
        let contrast =
            recipe.takesOwnContrastOff ? "each photo's own contrast taken off" : "with their own contrast"
        return "Chosen: \(photos), \(contrast), weight decay \(shortText(recipe.weightDecay)), "
            + "\(counted(lesson.iterations, "iteration"))."
    }

    var expectation: String {
        let scores = lesson.scores
        return "Expected accuracy on photos not seen: \(shareText(scores.accuracy)) "
            + "(95 % interval: \(shareText(scores.interval)))."
    }

    var comparison: String {
        let guessing = Guessing(data)
        let verdict =
            lesson.scores.isBetterThanGuessing
            ? "the detector is better, beyond chance" : "the detector is not better beyond chance"
        return "Always answering \(guessing.answer) gets \(shareText(guessing.accuracy)): \(verdict)."
    }

    /// Calibration leaves little of a network without any skill.
    var withoutSkill: [String] {
        guard lesson.calibration.scale <= Calibration.leastScale else { return [] }
        return ["It has learned nothing that holds for photos not seen, so its probabilities say little."]
    }

    var help: String {
        switch advice.first {
        case .morePhotosOfClass0: "More photos of \(data.classes[0]) would help most."
        case .morePhotosOfClass1: "More photos of \(data.classes[1]) would help most."
        case .morePhotos: "More photos of both classes would help most."
        default: "More photos of this kind would help little."
        }
    }

    private var doubtfulLines: [String] {
        guard !doubtful.isEmpty else { return [] }
        return ["These photos may be of the other class:"]
            + doubtful.map { doubt in
                "  \(name(doubt.example)): probability of \(className(doubt.example)) \(shareText(doubt.probability))"
            }
    }

    private func name(_ index: Int) -> String { data.name(index) }

    private func className(_ index: Int) -> String { data.classes[Int(data.labels[index])] }

    private var alikeLines: [String] {
        guard !alike.isEmpty else { return [] }
        let crossing = alike.count(where: isOfBothClasses)
        let title =
            "\(counted(alike.count, "pair")) of photos nearly alike"
            + (crossing > 0 ? ", \(crossing) of them in both classes:" : ":")
        return [title]
            + alike.prefix(Self.mostAlike).map { "  \(name($0.first)) and \(name($0.second))" }
            + (alike.count > Self.mostAlike ? ["  ..."] : [])
    }
}

// MARK: As JSON

extension TeachReport: Encodable {
    private struct Doubtful: Encodable {
        let name: String
        let `class`: String
        let probability: Double
    }

    private struct Class: Encodable {
        let name: String
        let examples: Int
    }

    private struct Alike: Encodable {
        let names: [String]
        let distance: Double
        let isOfOneClass: Bool

        private enum CodingKeys: String, CodingKey {
            case names, distance
            case isOfOneClass = "same_class"
        }
    }

    private enum CodingKeys: String, CodingKey {
        case model, recipe, expected, examples, classes, folds, block, doubtful, alike, advice, seconds
        case learningCurve = "learning_curve"
        case alikeAcrossFolds = "alike_across_folds"
        case arenaBytes = "arena_bytes"
    }

    func encode(to encoder: any Encoder) throws {
        var object = encoder.container(keyedBy: CodingKeys.self)
        try object.encode(model, forKey: .model)
        try object.encode(
            RecipeOptions(validation.options(of: lesson.choice), balance: false),
            forKey: .recipe)
        try object.encode(ScoresAnswer(scores: lesson.scores, guessing: Guessing(data)), forKey: .expected)
        try object.encode(data.count, forKey: .examples)
        try object.encode(
            data.classes.enumerated().map { label, name in
                Class(name: name, examples: data.labels.count { Int($0) == label })
            }, forKey: .classes)
        try object.encode(lesson.folds.count, forKey: .folds)
        try object.encode(lesson.folds.block, forKey: .block)
        try object.encode(
            lesson.learningCurve.points.map { [Double($0.examples), $0.scores.accuracy] },
            forKey: .learningCurve)
        try object.encode(
            mostDoubtful.map {
                Doubtful(
                    name: data.name($0.example), class: className($0.example), probability: $0.probability)
            }, forKey: .doubtful)
        try object.encode(
            alike.map {
                Alike(
                    names: [data.name($0.first), data.name($0.second)], distance: $0.distance,
                    isOfOneClass: !isOfBothClasses($0))
            }, forKey: .alike)
        try object.encode(validation.alikeAcrossFolds.count, forKey: .alikeAcrossFolds)
        try object.encode(advice, forKey: .advice)
        try object.encode(arenaBytes, forKey: .arenaBytes)
        try object.encode(seconds, forKey: .seconds)
    }

    private var seconds: [String: Double] {
        Dictionary(uniqueKeysWithValues: phases.map { ($0.key, $0.seconds) } + [("total", total)])
    }
}

// MARK: Times

extension TeachReport {
    struct Phase {
        /// In JSON, and in the page.
        let key, name: String
        let seconds: Double
    }

    var phases: [Phase] {
        let parts: [(String, String, Duration)] = [
            ("gram", "comparing the photos", lesson.durations.gramMatrices),
            ("cross_validation", "trying the ways of training", lesson.durations.crossValidation),
            ("learning_curve", "learning from fewer photos", lesson.durations.learningCurve),
            ("training", "training the model", lesson.durations.training),
        ]
        return [Phase(key: "load", name: "reading the photos", seconds: load)]
            + parts.map { Phase(key: $0, name: $1, seconds: nn_cli.seconds($2)) }
    }
}
