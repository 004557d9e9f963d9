#if !hasFeature(Embedded)
    /// Numbers in rows and columns, kept row by row. Columns of activations are examples.
    public struct Matrix<S: Scalar>: Equatable, Sendable {
        /// Rows: units, for activations; outputs, for weights.
        public let rows: Int
        /// Columns: examples, for activations; inputs, for weights.
        public let columns: Int
        /// `rows` x `columns` elements, row by row.
        public var elements: [S]

        /// - Precondition: there are `rows` x `columns` elements.
        public init(rows: Int, columns: Int, elements: [S]) {
            precondition(elements.count == rows * columns, "a matrix needs rows x columns elements")
            self.rows = rows
            self.columns = columns
            self.elements = elements
        }

        /// All elements are `value`.
        public init(rows: Int, columns: Int, repeating value: S = 0) {
            self.init(rows: rows, columns: columns, elements: Array(repeating: value, count: rows * columns))
        }

        /// Row by row from `random`: `np.random.randn(rows, columns)`.
        public init(rows: Int, columns: Int, normal random: inout NumpyRandom) {
            self.init(
                rows: rows, columns: columns, elements: (0..<rows * columns).map { _ in S(random.normal()) })
        }

        /// One element.
        /// - Precondition: `row` is 0 ..< ``rows``, `column` 0 ..< ``columns``.
        public subscript(row: Int, column: Int) -> S {
            get { elements[row * columns + column] }
            set { elements[row * columns + column] = newValue }
        }
    }
#endif
