/// Takes the time of one phase of a command after the other.
struct PhaseClock {
    private let start = ContinuousClock.now
    private var lapStart = ContinuousClock.now

    /// The seconds since the last lap, which --verbose shows.
    mutating func lap(_ work: String) -> Double {
        let lap = seconds(since: lapStart)
        lapStart = .now
        Console.detail("\(work): \(rounded(lap, places: 3)) s")
        return lap
    }

    /// The seconds of all phases.
    var total: Double { seconds(since: start) }
}
