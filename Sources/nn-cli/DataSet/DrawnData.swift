import NNData

/// The data set that the tool draws itself: always the same, whatever the seed of a training.
enum DrawnData {
    static var training: DataSet { DataSet.drawn(count: 209, seed: 1) }
    static var test: DataSet { DataSet.drawn(count: 50, seed: 2) }
}
