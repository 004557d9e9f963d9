import NNData

struct DataSetFacts: Facts {
    let kind = "data set"
    let path: String
    let count: Int
    let shape = [DataSet.side, DataSet.side, 3]
    let classes: [String]
    /// Examples of class 0 and of class 1.
    let counts: [Int]

    init(classes: [String], labels: [UInt8], path: String) {
        self.path = path
        self.classes = classes
        count = labels.count
        let ones = labels.count { $0 == 1 }
        counts = [count - ones, ones]
    }

    func print() throws {
        try Console.answer("data set   \(path)")
        try Console.answer("images     \(count) of 64 x 64 pixels, RGB")
        for index in 0...1 { try Console.answer("class \(index)    \(classes[index]): \(counts[index])") }
    }
}
