import SwiftNN
import Testing

/// The checks of the lesson "多层神经网络代码实战" (a multilayer network step by step), under its own names.
///
/// Inputs are drawn as its test cases draw them, in the same order; the tables are as it prints them.
@Suite("Seed document")
struct SeedDocumentTests {
    // MARK: Initialisation

    @Test("initialize_parameters(3, 2, 1)")
    func initializeParameters() throws {
        let network = MultilayerPerceptron<Double>(sizes: [3, 2, 1], initializer: .small, seed: 1)
        let layers = network.layers
        try expect(
            layers[0].weights,
            "[[ 0.01624345 -0.00611756 -0.00528172] [-0.01072969 0.00865408 -0.02301539]]")
        try expect(column(layers[0].bias), "[[ 0.] [ 0.]]")
        try expect(layers[1].weights, "[[ 0.01744812 -0.00761207]]")
        try expect(column(layers[1].bias), "[[ 0.]]")
        #expect(layers.count == 2)
    }

    /// The table is that of weights scaled by 0.01, an earlier state of the lesson's code.
    @Test("initialize_parameters_deep([5, 4, 3]): the printed table, normals times 0.01")
    func initializeParametersDeepPrinted() throws {
        let layers = MultilayerPerceptron<Double>(sizes: [5, 4, 3], initializer: .small, seed: 3).layers
        try expect(
            layers[0].weights,
            """
            [[ 0.01788628 0.0043651 0.00096497 -0.01863493 -0.00277388]
            [-0.00354759 -0.00082741 -0.00627001 -0.00043818 -0.00477218]
            [-0.01313865 0.00884622 0.00881318 0.01709573 0.00050034]
            [-0.00404677 -0.0054536 -0.01546477 0.00982367 -0.01101068]]
            """)
        try expect(column(layers[0].bias), "[[ 0.] [ 0.] [ 0.] [ 0.]]")
        try expect(
            layers[1].weights,
            """
            [[-0.01185047 -0.0020565 0.01486148 0.00236716]
            [-0.01023785 -0.00712993 0.00625245 -0.00160513]
            [-0.00768836 -0.00230031 0.00745056 0.01976111]]
            """)
        try expect(column(layers[1].bias), "[[ 0.] [ 0.] [ 0.]]")
    }

    /// numpy 2.4: np.random.seed(3); (np.random.randn(o, i) / np.sqrt(i)).tolist() for 5 -> 4 and 4 -> 3.
    /// One division by a rounded root follows the normal, so nothing less than the same bits will do.
    @Test("initialize_parameters_deep([5, 4, 3]): the code's values, normals / sqrt(n_in)")
    func initializeParametersDeepCode() {
        let layers = MultilayerPerceptron<Double>(sizes: [5, 4, 3], initializer: .deep, seed: 3).layers
        #expect(
            layers[0].weights.elements == [
                0.7998989706163737, 0.19521313971861595, 0.04315497965312537, -0.8333792720595704,
                -0.12405177539573486, -0.1586530386547786, -0.037003115430764025, -0.2804032270632999,
                -0.019596080895949577, -0.21341839119448125, -0.5875781803519905, 0.3956151554429511,
                0.3941374104346131, 0.7645443165661135, 0.022375725013871996, -0.18097724160129156,
                -0.24389238301659893, -0.6916056806609824, 0.43932807237666033, -0.49241241375077077,
            ])
        #expect(layers[0].bias == [0, 0, 0, 0])
        #expect(
            layers[1].weights.elements == [
                -0.5925232635100864, -0.10282494971127054, 0.7430741775372951, 0.11835813361345617,
                -0.5118925699632341, -0.3564966000560247, 0.31262248308141466, -0.08025668159346196,
                -0.384418175159615, -0.11501536113896953, 0.3725281332026854, 0.9880553915631513,
            ])
        #expect(layers[1].bias == [0, 0, 0])
    }

    // MARK: Forward

    @Test("linear_forward")
    func linearForward() throws {
        var random = NumpyRandom(seed: 1)
        let a = Matrix<Double>(rows: 3, columns: 2, normal: &random)
        try expect(drawnLayer(1, 3, &random).linearForward(a), "[[ 3.26295337 -1.23429987]]")
    }

    @Test(
        "linear_activation_forward",
        arguments: [
            (Activation.sigmoid, "[[ 0.96890023 0.11013289]]"), (.relu, "[[ 3.43896131 0. ]]"),
        ])
    func linearActivationForward(activation: Activation, printed: String) throws {
        var random = NumpyRandom(seed: 2)
        let aPrev = Matrix<Double>(rows: 3, columns: 2, normal: &random)
        let (a, cache) = drawnLayer(1, 3, &random).forward(aPrev, activation: activation)
        try expect(a, printed)
        #expect(cache.input == aPrev)
    }

    @Test("L_model_forward")
    func modelForward() throws {
        var random = NumpyRandom(seed: 1)
        let x = Matrix<Double>(rows: 4, columns: 2, normal: &random)
        let network = MultilayerPerceptron(layers: [drawnLayer(3, 4, &random), drawnLayer(1, 3, &random)])
        let (al, caches) = network.forward(x)
        try expect(al, "[[ 0.17007265 0.2524272 ]]")
        #expect(caches.count == 2)
    }

    @Test("compute_cost")
    func computeCost() {
        let al = Matrix(rows: 1, columns: 3, elements: [0.8, 0.9, 0.4])
        #expect(CrossEntropy.cost(al, labels: [1, 1, 1]).description == "0.41493159961539694")
    }

    // MARK: Backward

    @Test("linear_backward")
    func linearBackward() throws {
        var random = NumpyRandom(seed: 1)
        let dz = Matrix<Double>(rows: 1, columns: 2, normal: &random)
        let a = Matrix<Double>(rows: 3, columns: 2, normal: &random)
        let gradient = drawnLayer(1, 3, &random).linearBackward(dz, input: a)
        try expect(
            gradient.input, "[[ 0.51822968 -0.19517421] [-0.40506361 0.15255393] [ 2.37496825 -0.89445391]]")
        try expect(gradient.weights, "[[-0.10076895 1.40685096 1.64992505]]")
        try expect(column(gradient.bias), "[[ 0.50629448]]")
    }

    @Test("linear_activation_backward, sigmoid")
    func linearActivationBackwardSigmoid() throws {
        let gradient = linearActivationBackward(.sigmoid)
        try expect(
            gradient.input, "[[ 0.11017994 0.01105339] [ 0.09466817 0.00949723] [-0.05743092 -0.00576154]]")
        try expect(gradient.weights, "[[ 0.10266786 0.09778551 -0.01968084]]")
        try expect(column(gradient.bias), "[[-0.05729622]]")
    }

    @Test("linear_activation_backward, relu")
    func linearActivationBackwardReLU() throws {
        let gradient = linearActivationBackward(.relu)
        try expect(gradient.input, "[[ 0.44090989 0. ] [ 0.37883606 0. ] [-0.2298228 0. ]]")
        try expect(gradient.weights, "[[ 0.44513824 0.37371418 -0.10478989]]")
        try expect(column(gradient.bias), "[[-0.20837892]]")
    }

    private func linearActivationBackward(_ activation: Activation) -> Layer<Double>.Gradient {
        var random = NumpyRandom(seed: 2)
        let da = Matrix<Double>(rows: 1, columns: 2, normal: &random)
        let a = Matrix<Double>(rows: 3, columns: 2, normal: &random)
        let layer = drawnLayer(1, 3, &random)
        let z = Matrix<Double>(rows: 1, columns: 2, normal: &random)
        return layer.backward(da, cache: .init(input: a, logits: z), activation: activation)
    }

    /// AL and the caches are unrelated random numbers: AL[0] is above 1. The lesson's dA1 is what comes out
    /// below layer 1, the gradient of its input. (A row of its dW1 shows a fifth zero, in four columns.)
    @Test("L_model_backward")
    func modelBackward() throws {
        var random = NumpyRandom(seed: 3)
        let al = Matrix<Double>(rows: 1, columns: 2, normal: &random)
        let a1 = Matrix<Double>(rows: 4, columns: 2, normal: &random)
        let layer1 = drawnLayer(3, 4, &random)
        let z1 = Matrix<Double>(rows: 3, columns: 2, normal: &random)
        let a2 = Matrix<Double>(rows: 3, columns: 2, normal: &random)
        let layer2 = drawnLayer(1, 3, &random)
        let z2 = Matrix<Double>(rows: 1, columns: 2, normal: &random)
        let gradients = MultilayerPerceptron(layers: [layer1, layer2])
            .backward(
                al, labels: [1, 0], caches: [.init(input: a1, logits: z1), .init(input: a2, logits: z2)])
        #expect(gradients.count == 2)
        try expect(
            gradients[0].weights,
            """
            [[ 0.41010002 0.07807203 0.13798444 0.10502167] [ 0. 0. 0. 0. ]
            [ 0.05283652 0.01005865 0.01777766 0.0135308 ]]
            """)
        try expect(column(gradients[0].bias), "[[-0.22007063] [ 0. ] [-0.02835349]]")
        try expect(
            gradients[0].input, "[[ 0. 0.52257901] [ 0. -0.3269206 ] [ 0. -0.32070404] [ 0. -0.74079187]]")
    }

    @Test("update_parameters")
    func updateParameters() throws {
        var random = NumpyRandom(seed: 2)
        var network = MultilayerPerceptron(layers: [drawnLayer(3, 4, &random), drawnLayer(1, 3, &random)])
        random = NumpyRandom(seed: 3)
        let gradients = [(3, 4), (1, 3)].map { outputs, inputs in
            let layer = drawnLayer(outputs, inputs, &random)
            return Layer<Double>.Gradient(
                weights: layer.weights, bias: layer.bias, input: Matrix(rows: inputs, columns: 1))
        }
        network.update(gradients, learningRate: 0.1)
        try expect(
            network.layers[0].weights,
            """
            [[-0.59562069 -0.09991781 -2.14584584 1.82662008] [-1.76569676 -0.80627147 0.51115557 -1.18258802]
            [-1.0535704 -0.86128581 0.68284052 2.20374577]]
            """)
        try expect(column(network.layers[0].bias), "[[-0.04659241] [-1.28888275] [ 0.53405496]]")
        try expect(network.layers[1].weights, "[[-0.55569196 0.0354055 1.32964895]]")
        try expect(column(network.layers[1].bias), "[[-0.84610769]]")
    }

    // MARK: The comparison itself

    @Test("A table matches its own numbers, and none with another digit, sign or shape")
    func tableCanFail() throws {
        let text = "[[ 0.51822968 -0.1951742 ] [ 2. 0. ]]"
        let numbers = Matrix(rows: 2, columns: 2, elements: [0.518229684, -0.195174203, 2.000000004, -4e-9])
        let table = try PrintedTable(text)
        #expect(table.mismatches(numbers) == [])

        for (place, character) in zip(text.indices, text) {
            guard let digit = character.wholeNumberValue else { continue }
            var changed = text
            let next = Character(String((digit + 1) % 10))
            changed.replaceSubrange(place...place, with: [next])
            #expect(try PrintedTable(changed).mismatches(numbers).count == 1, "\(changed)")
        }
        for index in numbers.elements.indices {
            var changed = numbers
            changed[element: index] += 1e-8
            #expect(table.mismatches(changed).count == 1)
            changed[element: index] = .nan
            #expect(table.mismatches(changed).count == 1)
        }
        #expect(table.mismatches(Matrix(rows: 1, columns: 4, elements: numbers.elements)) != [])
        #expect(try PrintedTable("[[ 0.51822968 -0.1951742 ] [ 2. ]]").mismatches(numbers) != [])
        #expect(throws: PrintedTable.Unreadable.self) { try PrintedTable("[[ 0.518229681 ]]") }
        #expect(throws: PrintedTable.Unreadable.self) { try PrintedTable("[[ 1 ]]") }
    }

    // MARK: Helpers

    /// `W = np.random.randn(outputs, inputs); b = np.random.randn(outputs, 1)`
    private func drawnLayer(_ outputs: Int, _ inputs: Int, _ random: inout NumpyRandom) -> Layer<Double> {
        let weights = Matrix<Double>(rows: outputs, columns: inputs, normal: &random)
        return Layer(weights: weights, bias: Matrix(rows: outputs, columns: 1, normal: &random).elements)
    }

    private func column(_ numbers: [Double]) -> Matrix<Double> {
        Matrix(rows: numbers.count, columns: 1, elements: numbers)
    }

    private func expect(
        _ matrix: Matrix<Double>, _ printed: String, _ location: SourceLocation = #_sourceLocation
    ) throws {
        #expect(try PrintedTable(printed).mismatches(matrix) == [], sourceLocation: location)
    }
}

/// A matrix as numpy prints it: rows in brackets, eight decimals without the zeros at their end.
private struct PrintedTable {
    struct Unreadable: Error {}

    let rows: [[Double]]

    init(_ text: String) throws {
        rows = try text.split(separator: "]").compactMap { row in
            let numbers = row.split { "[ \n".contains($0) }
            return numbers.isEmpty ? nil : try numbers.map(Self.number)
        }
    }

    private static func number(_ text: Substring) throws -> Double {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2, parts[1].count <= 8, let number = Double("\(text)0") else {
            throw Unreadable()
        }
        return number
    }

    /// What differs by more than half a unit of the eighth decimal, the last that is printed.
    func mismatches(_ matrix: Matrix<Double>) -> [String] {
        guard rows.map(\.count) == Array(repeating: matrix.columns, count: matrix.rows) else {
            return ["rows of \(rows.map(\.count)), not \(matrix.rows) x \(matrix.columns)"]
        }
        return zip(rows.joined(), matrix.elements).compactMap { printed, number in
            (number - printed).magnitude <= 0.5e-8 ? nil : "printed \(printed), computed \(number)"
        }
    }
}
