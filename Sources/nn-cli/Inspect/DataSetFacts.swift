import NNData

struct DataSetFacts: Facts {
    let kind = "data set"
    let path: String
    let count: Int
    let shape = [DataSet.side, DataSet.side, 3]
    let classes: [String]
    /// Examples of class 0 and of class 1.
    let counts: [Int]

    init(_ data: DataSet, path: String) {
        self.path = path
        count = data.count
        classes = data.classes
        let ones = data.labels.count { $0 == 1 }
        counts = [data.count - ones, ones]
    }

    func print() throws {
        try Console.answer("data set   \(path)")
        try Console.answer("images     \(count) of 64 x 64 pixels, RGB")
        for index in 0...1 { try Console.answer("class \(index)    \(classes[index]): \(counts[index])") }
    }
}
