import NNData

/// Always answering the larger class: what a detector has to be better than.
struct Guessing {
    /// The name of the larger class; of equal ones, class 0.
    let answer: String
    let accuracy: Double

    init(_ data: DataSet) {
        let ones = data.labels.count { $0 == 1 }
        let right = max(ones, data.count - ones)
        answer = data.classes[2 * ones > data.count ? 1 : 0]
        accuracy = Double(right) / Double(data.count)
    }
}
