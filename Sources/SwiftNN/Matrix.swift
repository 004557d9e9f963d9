/// Numbers in rows and columns, stored row by row. In a matrix of activations each column is an example.
///
/// A matrix keeps its shape. ``elements`` shows its numbers; the subscript and ``mutableElements`` change them.
public struct Matrix<S: Scalar>: Equatable, Sendable {
    /// Rows: units, for activations; outputs, for weights. 1 or more.
    public let rows: Int
    /// Columns: examples, for activations; inputs, for weights. 1 or more.
    public let columns: Int
    /// `rows` x `columns` elements, row by row.
    public private(set) var elements: [S]

    /// A matrix of the given elements.
    /// - Precondition: `rows` and `columns` are 1 or more, and there are `rows` x `columns` elements.
    public init(rows: Int, columns: Int, elements: [S]) {
        precondition(rows > 0 && columns > 0, "a matrix needs a row and a column")
        precondition(elements.count == rows * columns, "a matrix needs rows x columns elements")
        self.rows = rows
        self.columns = columns
        self.elements = elements
    }

    /// A matrix whose elements are all `value`.
    /// - Precondition: `rows` and `columns` are 1 or more.
    public init(rows: Int, columns: Int, repeating value: S = 0) {
        precondition(rows > 0 && columns > 0, "a matrix needs a row and a column")
        self.init(rows: rows, columns: columns, elements: Array(repeating: value, count: rows * columns))
    }

    /// A matrix of normals from `random`, row by row: `np.random.randn(rows, columns)`.
    /// - Precondition: `rows` and `columns` are 1 or more.
    public init(rows: Int, columns: Int, normal random: inout NumpyRandom) {
        self.init(rows: rows, columns: columns)
        for index in elements.indices { elements[index] = S(random.normal()) }
    }

    /// The element of one row and one column.
    /// - Precondition: `row` is 0 ..< ``rows``, `column` is 0 ..< ``columns``.
    public subscript(row: Int, column: Int) -> S {
        get { elements[index(row, column)] }
        set { elements[index(row, column)] = newValue }
    }

    /// The elements, row by row, to change them where they lie.
    public var mutableElements: MutableSpan<S> {
        @_lifetime(&self)
        mutating get { elements.mutableSpan }
    }

    private func index(_ row: Int, _ column: Int) -> Int {
        precondition(0..<rows ~= row && 0..<columns ~= column, "row or column out of range")
        return row * columns + column
    }
}
