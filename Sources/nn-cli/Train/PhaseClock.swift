/// Takes the time of one phase of a training after the other.
struct PhaseClock {
    private let start = ContinuousClock.now
    private var lapStart = ContinuousClock.now
    private(set) var seconds = TrainingReport.Seconds()

    /// Ends a phase, which began where the one before ended. --verbose shows its time.
    mutating func lap(_ phase: WritableKeyPath<TrainingReport.Seconds, Double>, _ work: String) {
        let now = ContinuousClock.now
        seconds[keyPath: phase] = nn_cli.seconds(now - lapStart)
        seconds.total = nn_cli.seconds(now - start)
        lapStart = now
        Console.detail("\(work): \(rounded(seconds[keyPath: phase], places: 3)) s")
    }
}
