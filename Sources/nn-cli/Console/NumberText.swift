#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

func seconds(since start: ContinuousClock.Instant) -> Double { seconds(ContinuousClock.now - start) }

func seconds(_ duration: Duration) -> Double { duration / .seconds(1) }

/// `value` with a fixed number of decimal places.
func rounded(_ value: Double, places: Int) -> String {
    formatted("%.*f", [Int32(places), value])
}

/// Formats as C's printf does.
private func formatted(_ format: String, _ arguments: [any CVarArg]) -> String {
    // Large enough for the largest double, which has 309 digits.
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: 400) { buffer in
        _ = withVaList(arguments) { vsnprintf(buffer.baseAddress!, buffer.count, format, $0) }
        return String(cString: buffer.baseAddress!)
    }
}

/// `value` with no more digits than people need: "0.6931", "2500", "1e-07".
func shortText(_ value: Double, digits: Int = 4) -> String { formatted("%.*g", [Int32(digits), value]) }

/// `value` with at most 12 digits, as Python shows the accuracies of the seed document: 0.985645933014, 0.8, 1.0.
func accuracyText(_ value: Double) -> String {
    var text = rounded(value, places: 12)
    while text.hasSuffix("0") && !text.hasSuffix(".0") { text.removeLast() }
    return text
}

/// A share as people read it: "0.68".
func shareText(_ share: some BinaryFloatingPoint) -> String { rounded(Double(share), places: 2) }

/// "0.62 to 0.74"
func shareText(_ interval: ClosedRange<some BinaryFloatingPoint>) -> String {
    "\(shareText(interval.lowerBound)) to \(shareText(interval.upperBound))"
}

/// "98.6 %", on one line
func percent(_ share: Double) -> String { "\(rounded(100 * share, places: 1))\u{a0}%" }

/// "1,967,912"
func grouped(_ number: Int) -> String {
    let digits = Array(String(number))
    return digits.indices.reduce(into: "") { text, index in
        if index > 0, (digits.count - index) % 3 == 0 { text += "," }
        text.append(digits[index])
    }
}
