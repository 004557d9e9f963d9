import CNNKernel

/// The answers of networks to examples whose classes are known, and what they are worth. An answer is a logit: above 0 for
/// class 1. Each repeat answers every example once; with several repeats, scores are their means.
public struct LabeledLogits: Equatable, Sendable {
    /// (repeats, examples), finite
    public let values: [Double]
    /// One per example, 0 or 1
    public let labels: [UInt8]

    /// How many logits each example has.
    public var repeats: Int { values.count / labels.count }

    /// Logits and labels; nil if a logit is not finite, a label neither 0 nor 1, or their numbers do not fit.
    public init?(_ values: [Double], labels: [UInt8]) {
        guard !values.isEmpty, !labels.isEmpty, values.count.isMultiple(of: labels.count),
            values.allSatisfy(\.isFinite), labels.allSatisfy({ $0 <= 1 })
        else { return nil }
        self.values = values
        self.labels = labels
    }

    private var count: UInt32 { UInt32(labels.count) }

    /// What they are worth.
    public var scores: Scores {
        var (order, scores) = ([UInt32](repeating: 0, count: labels.count), nnk_scores())
        let status = unsafe nnk_score(values, UInt32(repeats), labels, count, &order, &scores)
        precondition(status == NNK_OK, "logits and labels are checked")
        return Scores(scores)
    }

    /// The probability of class 1 for each logit: 1 / (1 + exp(-logit)).
    public var probabilities: [Double] { values.map(nnk_probability) }

    /// The mean over the repeats of the probability of each example's own class. The lowest ones are the most doubtful
    /// labels.
    public var ownClassProbabilities: [Double] {
        var probabilities = [Double](repeating: 0, count: labels.count)
        unsafe nnk_own_class(values, UInt32(repeats), labels, count, &probabilities)
        return probabilities
    }

    /// The scale and the shift that make the probabilities honest: those with the lowest log loss.
    public var calibration: Calibration {
        var calibration = nnk_calibration()
        let status = unsafe nnk_calibrate(values, UInt32(repeats), labels, count, nil, 0, &calibration)
        precondition(status == NNK_OK, "logits and labels are checked")
        return Calibration(scale: calibration.scale, shift: calibration.shift)
    }

    /// The calibrated logits.
    func calibrated(_ calibration: Calibration) -> LabeledLogits {
        LabeledLogits(checked: values.map { calibration.scale * $0 + calibration.shift }, labels)
    }

    /// The logits of a repeat, alone.
    /// - Precondition: there is such a repeat.
    public subscript(repeat number: Int) -> LabeledLogits {
        precondition(0..<repeats ~= number, "there is no such repeat")
        let first = number * labels.count
        return LabeledLogits(checked: Array(values[first..<first + labels.count]), labels)
    }

    /// How a repeat classifies the examples, if class 1 is named where the logit is above `threshold`. The thresholds
    /// from the lowest logit to the highest give the ROC curve, and precision by recall.
    /// - Precondition: there is such a repeat.
    public func confusion(above threshold: Double = 0, repeat number: Int = 0) -> Confusion {
        let one = self[repeat: number]
        return Confusion(unsafe nnk_confusion_at(one.values, labels, count, threshold))
    }

    /// The examples of a repeat in bins of nearly equal numbers, by their probabilities.
    /// - Precondition: there is such a repeat, and there are from one bin to as many as examples.
    public func calibrationBins(_ bins: Int = Int(NNK_CALIBRATION_BINS), repeat number: Int = 0)
        -> [CalibrationBin]
    {
        precondition(1...labels.count ~= bins, "a bin needs an example")
        let one = self[repeat: number]
        var order = [UInt32](repeating: 0, count: labels.count)
        var filled = [nnk_bin](repeating: nnk_bin(), count: bins)
        unsafe nnk_order(one.values, count, &order)
        unsafe nnk_fill_bins(one.values, labels, count, order, &filled, UInt32(bins))
        return filled.map(CalibrationBin.init)
    }

    /// - Precondition: they are as ``init(_:labels:)`` checks.
    init(checked values: [Double], _ labels: [UInt8]) {
        self.values = values
        self.labels = labels
    }
}
