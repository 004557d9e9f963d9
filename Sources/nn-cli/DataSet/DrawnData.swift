import NNData

/// The data sets that nn-cli draws itself. They are always the same; --seed does not change them.
enum DrawnData {
    static var training: DataSet { DataSet.drawn(count: 209, seed: 1) }
    static var test: DataSet { DataSet.drawn(count: 50, seed: 2) }
}
