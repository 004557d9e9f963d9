import Testing

@Suite("Predicting only what is sure")
struct PredictTests {
    private let folder = TemporaryFolder()
    private let probability: Double

    init() throws {
        try folder.write(Fixture.model, as: "model.nnk")
        try folder.write(Fixture.image, as: "image.bin")
        probability = try Fixture.network.classify(Fixture.image).probability
        try #require(probability > 0.4 && probability < 0.6 && probability != 0.5)
    }

    private var confidence: Double { max(probability, 1 - probability) }

    private func predict(_ least: Double, _ more: String...) async throws -> Outcome {
        try await CommandLineTool(
            ["predict", "image.bin", "--min-confidence", "\(least)"] + more, in: folder
        ).run()
    }

    @Test("below --min-confidence the answer is: not sure")
    func notSure() async throws {
        let sure = try await predict(confidence)
        #expect(sure.status == 0)
        let name = Fixture.drawings.classes[probability > 0.5 ? 1 : 0]
        #expect(sure.stdout.hasPrefix("image.bin: \(name) (probability of cat: 0."))
        let unsure = try await predict(confidence.nextUp)
        #expect(unsure.status == 0)
        #expect(unsure.stdout.hasPrefix("image.bin: not sure (probability of cat: 0."))
    }

    @Test("in JSON, the class is null then")
    func notSureInJSON() async throws {
        for (least, isSure) in [(0.5, true), (confidence, true), (confidence.nextUp, false), (0.999, false)] {
            let outcome = try await predict(least, "--json")
            #expect(try outcome.mismatches("predict") == [])
            let prediction = try outcome.answer(PredictionAnswer.self).predictions[0]
            #expect((prediction.class != nil) == isSure)
            #expect(prediction.probability == probability)
            #expect(prediction.index == (probability > 0.5 ? 1 : 0))
            #expect(outcome.stdout.contains("\"class\":null") == !isSure)
        }
    }

    @Test("a probability that no answer has is refused", arguments: ["0.4", "1", "-0.5", "nan", "2"])
    func refusals(value: String) async throws {
        let outcome = try await nnCLI("predict", "image.bin", "--min-confidence", value, in: folder)
        #expect(outcome.status == 64)
        #expect(
            outcome.complaint.hasPrefix("Error: --min-confidence: expected 0.5 or more and below 1, got "))
        #expect(outcome.stdout == "")
    }
}
