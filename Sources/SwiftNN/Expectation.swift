import CNNKernel

extension Network {
    /// What to expect of a network on images not seen, as a judgement by cross-validation says.
    ///
    /// Scores are rounded to what a model stores.
    public struct Expectation: Equatable, Sendable {
        /// The share of images that it is right about.
        public let accuracy: Float
        /// It holds the accuracy in 95 of 100 cases.
        public let interval: ClosedRange<Float>
        /// The mean of -log(probability of the image's class), in nats.
        public let logLoss: Float
        /// The area under the ROC curve: how often the image of class 1 has the higher probability of two.
        public let areaUnderCurve: Float
        /// The accuracy of always naming the larger class.
        public let guessing: Float
        /// How many images it was judged on.
        public let examples: Int
        /// How many folds they were dealt into.
        public let folds: Int
        /// A part of the last layer already.
        public let calibration: Calibration

        /// Whether the whole interval is above guessing.
        public var isBetterThanGuessing: Bool { interval.lowerBound > guessing }

        /// The result of a judgement by a cross-validation with so many folds.
        public init(_ scores: Scores, _ calibration: Calibration, folds: Int) {
            self.init(
                accuracy: scores.accuracy, interval: scores.interval, logLoss: scores.logLoss,
                areaUnderCurve: scores.areaUnderCurve, guessing: scores.guessing, examples: scores.examples,
                folds: folds, calibration: calibration)
        }

        /// The same from numbers.
        public init(
            accuracy: Double, interval: ClosedRange<Double>, logLoss: Double, areaUnderCurve: Double,
            guessing: Double, examples: Int, folds: Int, calibration: Calibration
        ) {
            self.accuracy = Float(accuracy)
            self.interval = Float(interval.lowerBound)...Float(interval.upperBound)
            self.logLoss = Float(logLoss)
            self.areaUnderCurve = Float(areaUnderCurve)
            self.guessing = Float(guessing)
            self.examples = examples
            self.folds = folds
            self.calibration = calibration
        }
    }

    /// The same network, calibrated, which says what to expect of it.
    ///
    /// - Parameter expectation: its calibration goes into the last layer.
    /// - Throws: ``NNError/alreadyJudged``; ``NNError/alreadyQuantized`` if its weights are bytes: calibrate first;
    ///   ``NNError/invalidOption(name:value:allowed:)`` for a number out of its range; ``ModelDefect/unusableWeights``
    ///   if a weight becomes too large.
    public func calibrated(_ expectation: Expectation) throws(NNError) -> Network {
        guard self.expectation == nil else { throw .alreadyJudged }
        guard elementType != .i8 else { throw .alreadyQuantized }
        var expected = try nnk_expectation(expectation)
        return try unsafe rewritten(elementType) { unsafe nnk_model_calibrate($0, &expected, $1) }
    }
}

extension Network.Expectation {
    /// nil if the model was not judged.
    init?(_ opened: UnsafePointer<nnk_model>) {
        var e = nnk_expectation()
        guard unsafe nnk_model_expectation(opened, &e) == NNK_OK else { return nil }
        accuracy = e.accuracy
        interval = e.low...e.high
        logLoss = e.log_loss
        areaUnderCurve = e.auc
        guessing = e.guessing
        examples = Int(e.examples)
        folds = Int(e.folds)
        calibration = Calibration(scale: e.scale, shift: e.shift)
    }
}

extension nnk_expectation {
    /// - Throws: ``NNError/invalidOption(name:value:allowed:)`` for a number out of its range.
    init(_ e: Network.Expectation) throws(NNError) {
        let most = Double.greatestFiniteMagnitude
        for share in [e.accuracy, e.interval.lowerBound, e.interval.upperBound, e.areaUnderCurve, e.guessing]
        {
            try Self.check(Double(share), 0...1)
        }
        try Self.check(Double(e.logLoss), 0...Double(Float.greatestFiniteMagnitude))
        try Self.check(e.calibration.scale, 0...most)
        try Self.check(e.calibration.shift, -most...most)
        try NNError.check(e.examples, .examples, 0...Int(UInt32.max))
        try NNError.check(e.folds, .folds, 0...Int(UInt32.max))
        self.init(
            scale: e.calibration.scale, shift: e.calibration.shift, accuracy: e.accuracy,
            low: e.interval.lowerBound, high: e.interval.upperBound, log_loss: e.logLoss,
            auc: e.areaUnderCurve, guessing: e.guessing,
            examples: UInt32(e.examples), folds: UInt32(e.folds))
    }

    private static func check(_ value: Double, _ allowed: ClosedRange<Double>) throws(NNError) {
        guard allowed ~= value else {
            throw .invalidOption(name: .expectation, value: value, allowed: allowed)
        }
    }
}
