import Dispatch
import Synchronization

/// Works on several inputs at a time and hands over the results in the order of the inputs.
///
/// Each worker takes the next input once it is free. The caller may fall behind by `ahead` results; then the workers
/// wait. So memory does not grow with the number of inputs.
final class OrderedWork<Inputs: IteratorProtocol & SendableMetatype, Output: Sendable>: Sendable
where Inputs.Element: Sendable {
    private struct Supply {
        var inputs: Inputs
        var taken = 0
        var isAtEnd = false

        mutating func next() -> (number: Int, input: Inputs.Element)? {
            guard !isAtEnd, let input = inputs.next() else {
                isAtEnd = true
                return nil
            }
            defer { taken += 1 }
            return (taken, input)
        }
    }

    private struct Results {
        var waiting: [Int: Output] = [:]
        var handedOver = 0
        /// The number of inputs, once the last one was taken.
        var count: Int?
    }

    private let supply: Mutex<Supply>
    private let results = Mutex(Results())
    private let transform: @Sendable (Inputs.Element) -> Output
    /// A semaphore that is freed must not count less than it did at first. So both begin at zero.
    private let places = DispatchSemaphore(value: 0)
    private let news = DispatchSemaphore(value: 0)

    /// Starts the workers.
    init(
        _ inputs: sending Inputs, workers: Int, ahead: Int = 256,
        transform: @escaping @Sendable (Inputs.Element) -> Output
    ) {
        supply = Mutex(Supply(inputs: inputs))
        self.transform = transform
        for _ in 0..<ahead { places.signal() }
        for _ in 0..<workers { DispatchQueue.global().async { self.work() } }
    }

    private func work() {
        while true {
            places.wait()
            // Another thread may wait here while one waits for a line of standard input.
            let next = supply.withLock { supply in
                let next = supply.next()
                if next == nil { results.withLock { $0.count = supply.taken } }
                return next
            }
            guard let (number, input) = next else { break }
            let output = transform(input)
            results.withLock { $0.waiting[number] = output }
            news.signal()
        }
        places.signal()  // for the next worker, which ends too
        news.signal()
    }

    /// Waits for the next result.
    ///
    /// - Returns: nil after the last one, or when Ctrl-C was pressed.
    func next() -> Output? {
        while !Interrupt.isRequested {
            let (output, isLast) = results.withLock { results -> (Output?, Bool) in
                let output = results.waiting.removeValue(forKey: results.handedOver)
                if output != nil { results.handedOver += 1 }
                return (output, results.handedOver == results.count)
            }
            if let output {
                places.signal()
                return output
            }
            guard !isLast else { return nil }
            // Ctrl-C does not wake this thread.
            _ = news.wait(timeout: .now() + .milliseconds(100))
        }
        return nil
    }
}
