import SwiftNN
import Testing

/// Literals are numpy 2.4's, to the bit, written by float.hex().
@Suite("numpy's random numbers")
struct NumpyRandomTests {
    private static let uniforms: [(seed: UInt32, expected: [Double])] = [
        (0, [0x1.18fe1565f12a8p-1, 0x1.6e2d4cf608733p-1, 0x1.349d66b6e894bp-1, 0x1.16faedb6395f5p-1]),
        (1, [0x1.ab07d0ffa3c06p-2, 0x1.70ce5f3baf051p-1, 0x1.dfb906661c000p-14, 0x1.3596ab7fe08f4p-2]),
        (42, [0x1.7f8771e5f51ecp-2, 0x1.e6c4068bbd654p-1, 0x1.76c7e8f1e6751p-1, 0x1.32835d6632cb0p-1]),
        (.max, [0x1.8fe69a3924820p-4, 0x1.d323d824032b1p-1, 0x1.93fc6f61af3f9p-1, 0x1.8f5ca1b151c07p-1]),
    ]

    private static let normals: [(seed: UInt32, expected: [Double])] = [
        (0, [0x1.c398ef3e5cfa5p+0, 0x1.99c2cfacc8953p-2, 0x1.f51d25222c9abp-1, 0x1.1ed5969e3314ep+1]),
        (1, [0x1.9fd5190657c50p+0, -0x1.393822fb7d9adp-1, -0x1.0e6c872548fd2p-1, -0x1.12ae1255cb80cp+0]),
        (42, [0x1.fca2a28a9307cp-2, -0x1.1b2a505de052ap-3, 0x1.4b9dd50245e68p-1, 0x1.85e548e01aa2bp+0]),
        (.max, [0x1.4bfc38c486d8ap-1, 0x1.56b192e507eeep-1, -0x1.149e836f192fdp+0, 0x1.23543dec5a0fcp-2]),
    ]

    /// np.random.seed(seed); [x.hex() for x in np.random.random_sample(4).tolist()]
    @Test("np.random.random_sample", arguments: uniforms)
    func uniform(seed: UInt32, expected: [Double]) {
        var random = NumpyRandom(seed: seed)
        #expect(expected.map { _ in random.uniform() } == expected)
    }

    /// np.random.seed(seed); [x.hex() for x in np.random.randn(4).tolist()]
    @Test("np.random.randn", arguments: normals)
    func normal(seed: UInt32, expected: [Double]) {
        var random = NumpyRandom(seed: seed)
        #expect(expected.map { _ in random.normal() } == expected)
    }

    /// fnv1a(np.random.random_sample(2000).astype('<f8').tobytes()) and the same of randn(20000), both right
    /// after np.random.seed(seed). So many need the generator's 624 words several times over.
    @Test(
        "Long sequences",
        arguments: [
            (UInt32(0), UInt64(0x4f1f_c25c_a091_f8f3), UInt64(0x5b65_b8cf_7652_e0ef)),
            (1, 0x869b_4aa2_4366_887e, 0xedd6_13ee_6856_1012),
            (42, 0xee12_29f7_0966_9cfb, 0x3309_b9f4_4ca6_1de4),
            (.max, 0xb6ba_2f7f_0cd0_bee2, 0x5721_1c1b_cde2_463a),
        ])
    func longSequences(seed: UInt32, uniforms: UInt64, normals: UInt64) {
        var random = NumpyRandom(seed: seed)
        #expect(checksum(2000) { random.uniform() } == uniforms)
        random = NumpyRandom(seed: seed)
        #expect(checksum(20_000) { random.normal() } == normals)
    }

    /// np.random.seed(7); np.random.randn(), np.random.random_sample(), np.random.randn(), ...
    /// Normals come in pairs: the second of a pair waits while a uniform is drawn.
    @Test("Uniforms between normals")
    func interleaved() {
        var random = NumpyRandom(seed: 7)
        #expect(random.normal() == 0x1.b0c64ae2deb29p+0)
        #expect(random.uniform() == 0x1.f4bb0a93b67b2p-1)
        #expect(random.normal() == -0x1.dd1eafa1d414dp-2)
        #expect(random.uniform() == 0x1.13b5bb10e3428p-1)
    }

    @Test("A copy goes its own way")
    func copy() {
        var random = NumpyRandom(seed: 1)
        _ = random.normal()
        var copy = random
        let first = [copy.normal(), copy.normal(), copy.uniform()]
        #expect([random.normal(), random.normal(), random.uniform()] == first)
        #expect(copy.normal() == random.normal())
    }

    /// np.random.seed(seed)
    /// w = [np.random.randn(o, i) / np.sqrt(i) for i, o in zip([12288, 20, 7, 5], [20, 7, 5, 1])]
    /// fnv1a(b''.join(x.astype('<f8').tobytes() for x in w)), the same with '<f4'
    @Test(
        "Initial weights of the deep network",
        arguments: [
            (UInt32(1), UInt64(0xdc10_9e6e_1261_4c80), UInt64(0x4745_76e4_fe5c_19ee)),
            (2, 0xe909_9d6c_fa65_5f45, 0xfd1f_36af_8732_5e04),
            (12345, 0xb53c_b449_7bf8_a699, 0x151d_80ea_080d_f0e3),
        ])
    func deepWeights(seed: UInt32, f64: UInt64, f32: UInt64) {
        let sizes = [12288, 20, 7, 5, 1]
        let double = MultilayerPerceptron<Double>(sizes: sizes, initializer: .deep, seed: seed)
        #expect(checksum(double.layers.flatMap(\.weights.elements).map(\.bitPattern)) == f64)
        let float = MultilayerPerceptron<Float>(sizes: sizes, initializer: .deep, seed: seed)
        #expect(checksum(float.layers.flatMap(\.weights.elements).map(\.bitPattern)) == f32)
        #expect(double.layers.allSatisfy { $0.bias.allSatisfy { $0 == 0 } })
        #expect(float.layers.allSatisfy { $0.bias.allSatisfy { $0 == 0 } })
    }

    /// np.random.seed(1); w = [np.random.randn(o, i) * 0.01 for i, o in zip([12288, 7], [7, 1])]
    @Test("Initial weights of the two-layer network")
    func twoLayerWeights() {
        let double = MultilayerPerceptron<Double>(sizes: [12288, 7, 1], initializer: .small, seed: 1)
        #expect(
            checksum(double.layers.flatMap(\.weights.elements).map(\.bitPattern)) == 0x8640_462e_ca3d_bed2)
        let float = MultilayerPerceptron<Float>(sizes: [12288, 7, 1], initializer: .small, seed: 1)
        #expect(
            checksum(float.layers.flatMap(\.weights.elements).map(\.bitPattern)) == 0x1b10_3ba5_e0e8_b508)
    }

    private func checksum(_ count: Int, _ next: () -> Double) -> UInt64 {
        checksum((0..<count).map { _ in next().bitPattern })
    }

    private func checksum(_ bits: [some FixedWidthInteger]) -> UInt64 {
        var sum = FNV1a()
        for number in bits { sum.add(number) }
        return sum.value
    }
}
