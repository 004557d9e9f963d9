import SwiftNN
import Testing

@Suite("Examples")
struct ExamplesTests {
    @Test("Images and labels are kept as they are given")
    func kept() throws {
        let examples = try Examples(
            images: [1, 2, 3, 4, 5, 6], labels: [1, 0, 1], imageBytes: 2, classNames: ["none", "some"])
        #expect(examples.count == 3)
        #expect(examples.images == [1, 2, 3, 4, 5, 6])
        #expect(examples.labels == [1, 0, 1])
        #expect(examples.imageBytes == 2)
        #expect(examples.classNames == ["none", "some"])
    }

    @Test("There must be imageBytes bytes for each label", arguments: [0, 5, 7, 9])
    func bytes(count: Int) {
        let images = [UInt8](repeating: 0, count: count)
        #expect(throws: NNError.wrongCount(of: .bytesOfImages, expected: 6, found: count)) {
            try Examples(images: images, labels: [0, 1], imageBytes: 3)
        }
    }

    @Test("Images have a size", arguments: [0, -3, .min, .max, .max / 2 + 1])
    func imageBytes(size: Int) {
        expectInvalid(.inputs) { try Examples(images: [], labels: [0, 1], imageBytes: size) }
    }

    @Test("There must be an example")
    func none() {
        #expect(throws: NNError.wrongCount(of: .labels, expected: 1, found: 0)) {
            try Examples(images: [], labels: [], imageBytes: 3)
        }
    }

    @Test("Labels are 0 or 1", arguments: [UInt8(2), 255], 0..<2)
    func labels(label: UInt8, place: Int) {
        var labels: [UInt8] = [0, 1]
        labels[place] = label
        #expect(throws: NNError.invalidLabel(label, example: place)) {
            try Examples(images: [7, 7], labels: labels, imageBytes: 1)
        }
    }

    @Test("Two classes have two names", arguments: [[], ["one"], ["one", "two", "three"]])
    func classNames(names: [String]) {
        #expect(throws: NNError.wrongCount(of: .classNames, expected: 2, found: names.count)) {
            try Examples(images: [7], labels: [1], imageBytes: 1, classNames: names)
        }
    }
}
