import NNData
import SwiftNN

/// One training as the user sees it: costs, progress, checkpoints, and why it ended early.
struct TrainingRun {
    let options: TrainingOptions
    let examples: Examples
    var checkpoint: CheckpointFile?
    /// For messages.
    let modelPath: String
    /// The model that it starts from, if any.
    let startPath: String?

    struct Result {
        let network: Network
        let costs: [TrainingReport.Cost]
        /// The iteration at which the run was resumed, or 0.
        let begun: Int
        let method: Method
        let arenaBytes: Int
    }

    /// Trains to the last iteration, and takes the time of each phase.
    ///
    /// - Throws: `Failure` if the user interrupts it or the cost is no longer finite.
    mutating func train(
        resuming: Bool, _ clock: inout PhaseClock, onCost: (TrainingReport.Cost) throws -> Void
    ) throws -> Result {
        var trainer =
            resuming
            ? try checkpoint!.trainer(options, examples: examples)
            : try Trainer(examples: examples, options: options)
        let (begun, arenaBytes) = (trainer.iteration, trainer.arenaBytes)
        Console.note(description(arenaBytes: arenaBytes))
        do {
            try checkpoint?.begin(&trainer)
            let costs = try descend(&trainer, &clock, onCost)
            clock.lap(\.loop, counted(options.iterations, "iteration"))
            return Result(
                network: try trainer.finish(), costs: costs, begun: begun, method: method,
                arenaBytes: arenaBytes)
        } catch {
            checkpoint?.removeIfOfNoUse()
            guard case NNError.diverged(let iteration) = error else { throw error }
            throw divergence(iteration)
        }
    }

    /// What the network answers for the data.
    ///
    /// - Throws: `Failure` if predictions overflow: then the cost is no longer finite either.
    func results(of network: Network, for data: TrainingData) throws -> TrainingData.Results {
        do {
            return try data.results(of: network, threads: options.threads)
        } catch NNError.invalidModel(.unusableWeights) {
            throw divergence(options.iterations)
        }
    }

    /// The costs of the run, a slice of work at a time.
    private mutating func descend(
        _ trainer: inout Trainer, _ clock: inout PhaseClock, _ onCost: (TrainingReport.Cost) throws -> Void
    ) throws -> [TrainingReport.Cost] {
        var costs: [TrainingReport.Cost] = []
        var progress = ProgressReport(total: options.iterations, begun: trainer.iteration)
        defer { progress.clear() }
        var isSettingUp = true
        while let step = try trainer.step() {
            if isSettingUp && !trainer.isSettingUp {
                isSettingUp = false
                clock.lap(\.setup, "setting up")
            }
            if let cost = step.cost {
                costs.append(
                    TrainingReport.Cost(
                        iteration: cost.iteration, cost: cost.value, heldOut: cost.heldOut))
                progress.clear()
                try onCost(costs.last!)
            } else {
                progress.update(step.iteration, cost: costs.last?.cost)
            }
            guard !Interrupt.isRequested else {
                progress.clear()
                throw try interruption(&trainer)
            }
            if let failure = try checkpoint?.saveIfDue(&trainer) {
                progress.clear()
                Console.note("warning: \(failure); the training goes on")
            }
        }
        return costs
    }

    private var method: Method { options.method ?? options.chosenMethod(examples: examples.count) }

    /// What is trained, by which method, and why by this one.
    private func description(arenaBytes: Int) -> String {
        "training a \(options.topology.text) network in \(options.precision.name) on "
            + "\(counted(examples.count, "image")) with \(arenaBytes) bytes of memory; method: \(method.name) (\(reason))"
    }

    private var reason: String {
        guard options.method == nil else { return "as --method says" }
        let other: Method = method == .dual ? .primal : .dual
        let ratio =
            options.multiplyAdds(other, examples: examples.count)
            / options.multiplyAdds(method, examples: examples.count)
        return ratio >= 1
            ? "\(rounded(ratio, places: ratio < 10 ? 1 : 0)) times fewer operations than \(other.name)"
            : "\(other.name) would need too much memory"
    }

    /// Saves the checkpoint, if there is one to save.
    private mutating func interruption(_ trainer: inout Trainer) throws -> Failure {
        let message =
            "interrupted after \(trainer.iteration) of \(counted(options.iterations, "iteration")); "
            + "\(modelPath) was not written"
        guard checkpoint != nil else { return Failure(code: 130, message: message) }
        try checkpoint?.save(&trainer)
        return Failure(code: 130, message: message + "; to continue, repeat the command with --resume")
    }

    /// Training is repeatable to the bit, so a run of one iteration less ends with the last finite weights.
    /// The first cost is that of the start, before any step.
    private func divergence(_ iteration: Int) -> any Error {
        if iteration == 0, let startPath { return ModelFile.overflow(startPath) }
        let advice =
            iteration > 1 ? ", or stop before, at finite weights, with --iterations \(iteration - 1)" : ""
        return Failure.badData(
            "the cost is no longer finite after iteration \(iteration); try a --learning-rate below "
                + "\(options.learningRate)" + advice)
    }
}
