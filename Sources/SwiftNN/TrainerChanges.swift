import CNNKernel

// Examples that come and go while a network learns, and runs that go on. All of it needs room: TrainingOptions.capacity.

extension Trainer {
    /// Takes in more examples, behind those that are there. The parameters stay as they are.
    ///
    /// The next steps compute what the new images have in common with the others and with the network: for each of them,
    /// as many products of two images as there are examples then. Iterations that are left follow.
    ///
    /// - Parameter more: images of the same size. If only some examples have weights, those of the others are 1. Names
    ///   of classes stay.
    /// - Throws: ``NNError/invalidOption(name:value:allowed:)`` if there are more than ``TrainingOptions/capacity``, or if
    ///   there is none; ``NNError/wrongCount(of:expected:found:)`` for images of another size. Nothing has changed then.
    public mutating func add(_ more: Examples) throws(NNError) {
        try goOn(on: examples.appending(more), options)
    }

    /// Forgets an example: all behind it move up by one. What it has contributed to the first layer is taken back, and the
    /// other parameters stay, so that more iterations follow from there. ``restart(iterations:learningRate:weightDecay:)``
    /// also takes back what it has contributed to them.
    ///
    /// - Parameter index: which one.
    /// - Throws: ``NNError/wrongCount(of:expected:found:)`` for the last example; ``NNError/heldOutClass(_:)`` if no other
    ///   one teaches its class, but some are held out; ``NNError/invalidOption(name:value:allowed:)`` without
    ///   ``TrainingOptions/capacity``. Nothing has changed then.
    /// - Precondition: there is such an example.
    public mutating func remove(at index: Int) throws(NNError) {
        let fewer = try examples.removing(at: index)
        try requireCapacity()
        let status = unsafe options.withJob(fewer) {
            unsafe nnk_train_forget($0, arena.memory, UInt32(index))
        }
        try NNError.check(status, iteration: iteration)
        examples = fewer
    }

    /// Gives an example the other class, or the same one. The parameters stay as they are.
    ///
    /// - Parameters:
    ///   - index: which one.
    ///   - label: its class, 0 or 1.
    /// - Throws: ``NNError/invalidLabel(_:example:)``; what ``remove(at:)`` throws, except for the last example. Nothing
    ///   has changed then.
    /// - Precondition: there is such an example.
    public mutating func relabel(at index: Int, as label: UInt8) throws(NNError) {
        try goOn(on: examples.relabeling(at: index, as: label), options)
    }

    /// Adds iterations to those that the run was begun with. It goes on from the parameters that it has, whether it has
    /// ended or not. With the same learning rate and weight decay, the network is that of one longer run, to the bit.
    ///
    /// - Parameters:
    ///   - count: how many, 0 or more.
    ///   - learningRate: the size of a step from now on; nil: as before.
    ///   - weightDecay: how fast the weights decay from now on; nil: as before.
    /// - Throws: ``NNError/invalidOption(name:value:allowed:)``. Nothing has changed then.
    public mutating func addIterations(
        _ count: Int, learningRate: Double? = nil, weightDecay: Double? = nil
    ) throws(NNError) {
        try NNError.check(count, .iterations, 0...Int(UInt32.max) - options.iterations)
        var options = options
        options.iterations += count
        options.change(learningRate, weightDecay)
        try goOn(on: examples, options)
    }

    /// Begins again from the initial weights, on the examples that are there now. The network will be that of a new
    /// ``Trainer`` on these examples, to the bit: of examples that were removed, nothing is left. Most of the setup is
    /// kept: no product of two images is computed again.
    ///
    /// - Parameters:
    ///   - iterations: gradient steps from the beginning; nil: as before.
    ///   - learningRate: the size of a step; nil: as before.
    ///   - weightDecay: how fast the weights decay; nil: as before.
    /// - Throws: ``NNError/invalidOption(name:value:allowed:)``. Nothing has changed then.
    public mutating func restart(
        iterations: Int? = nil, learningRate: Double? = nil, weightDecay: Double? = nil
    ) throws(NNError) {
        var options = options
        options.iterations = iterations ?? options.iterations
        options.change(learningRate, weightDecay)
        try goOn(on: examples, options, anew: true)
    }

    /// Goes on with other examples or options, from the parameters that are there or (`anew`) from the initial weights.
    private mutating func goOn(
        on examples: Examples, _ options: TrainingOptions, anew: Bool = false
    ) throws(NNError) {
        try requireCapacity()
        _ = try Self.arenaBytes(options, on: examples)
        let status = unsafe options.withJob(examples) { unsafe nnk_train_again($0, arena.memory, anew) }
        try NNError.check(status, iteration: iteration)
        self.examples = examples
        self.options = options
    }

    private func requireCapacity() throws(NNError) {
        try NNError.check(options.capacity ?? 0, .capacity, 1...Int(NNK_MAX_EXAMPLES))
    }
}

extension TrainingOptions {
    /// nil: as before.
    fileprivate mutating func change(_ learningRate: Double?, _ weightDecay: Double?) {
        self.learningRate = learningRate ?? self.learningRate
        self.weightDecay = weightDecay ?? self.weightDecay
    }
}

extension Examples {
    /// These examples, then others of the same size. If only some have weights, those of the others are 1. The names of
    /// classes are those of these.
    /// - Throws: ``NNError/wrongCount(of:expected:found:)`` for images of another size.
    public func appending(_ others: Examples) throws(NNError) -> Examples {
        try NNError.check(countOf: .bytesOfImage, others.imageBytes, expected: imageBytes)
        return try changed(
            images: images + others.images, labels: labels + others.labels,
            weights: weights == nil && others.weights == nil ? nil : weightsOrOnes + others.weightsOrOnes)
    }

    /// All examples but one.
    /// - Throws: ``NNError/wrongCount(of:expected:found:)`` if it is the last; ``NNError/heldOutClass(_:)`` if no other
    ///   one teaches its class, but some are held out.
    /// - Precondition: there is such an example.
    public func removing(at index: Int) throws(NNError) -> Examples {
        precondition(labels.indices ~= index, "there is no such example")
        let image = index * imageBytes..<(index + 1) * imageBytes
        return try changed(
            images: Array(images[..<image.lowerBound] + images[image.upperBound...]),
            labels: Array(labels[..<index] + labels[(index + 1)...]),
            weights: weights.map { Array($0[..<index] + $0[(index + 1)...]) })
    }

    /// The same examples; one has another label.
    /// - Throws: ``NNError/invalidLabel(_:example:)``; ``NNError/heldOutClass(_:)`` if none that is left teaches a class.
    /// - Precondition: there is such an example.
    public func relabeling(at index: Int, as label: UInt8) throws(NNError) -> Examples {
        precondition(labels.indices ~= index, "there is no such example")
        var labels = labels
        labels[index] = label
        return try changed(images: images, labels: labels, weights: weights)
    }

    private var weightsOrOnes: [Float] { weights ?? Array(repeating: 1, count: count) }

    /// No rule made these weights.
    private func changed(images: [UInt8], labels: [UInt8], weights: [Float]?) throws(NNError) -> Examples {
        let examples = try Examples(
            images: images, labels: labels, imageBytes: imageBytes, classNames: classNames)
        guard let weights else { return examples }
        return try examples.weighted(by: weights)
    }
}
