import SwiftNN
import Testing

@Suite("Topology")
struct TopologyTests {
    @Test(
        "Sizes out of range are refused",
        arguments: [
            [], [12], [12, 4, 2], [12, 4, 0], [12, 257, 1], [12, 4, 257, 1], [0, 4, 1], [-1, 4, 1],
            [12, 0, 1],
            [12, -4, 1], [65536, 4, 1], [.max, 1], [1 << 32 + 12, 1], [12, 1 << 32 + 4, 1],
            [12, 4, 1 << 32 + 1],
            [9, 8, 7, 6, 5, 4, 3, 2, 1],
        ])
    func outOfRange(sizes: [Int]) {
        let option: NNError.Option =
            switch sizes.count {
            case ..<2, 9...: .layers
            case _ where !(1...65535 ~= sizes[0]): .inputs
            case _ where sizes.dropFirst().dropLast().contains { !(1...256 ~= $0) }: .units
            default: .outputs
            }
        expectInvalid(option) { try Topology(sizes) }
    }

    @Test(
        "Sizes come back as they were given",
        arguments: [
            [1, 1], [12, 4, 3, 1], [65535, 1], [12, 256, 1], [65535, 256, 256, 256, 256, 256, 256, 1],
            [8, 7, 6, 5, 4, 3, 2, 1],
        ])
    func sizes(sizes: [Int]) throws {
        let topology = try Topology(sizes)
        #expect(topology.sizes == sizes)
        #expect(topology.inputs == sizes[0])
        let parameters = zip(sizes, sizes.dropFirst()).reduce(0) { $0 + ($1.0 + 1) * $1.1 }
        #expect(topology.parameterCount == parameters)
    }

    @Test("The given topologies are the seed document's")
    func given() throws {
        #expect(Topology.deep.sizes == [12288, 20, 7, 5, 1])
        #expect(Topology.twoLayer.sizes == [12288, 7, 1])
        #expect(try Topology([12288, 20, 7, 5, 1]) == .deep)
        #expect(try Topology([12288, 7, 1]) == .twoLayer)
        #expect(Topology.deep.parameterCount == 245_973)
        #expect(Topology.twoLayer.parameterCount == 86_031)
    }

    @Test("Topologies are equal if all their sizes are")
    func equality() throws {
        let all = try [[12, 4, 1], [12, 1], [13, 4, 1], [12, 5, 1], [12, 4, 4, 1]].map(Topology.init)
        for (i, a) in all.enumerated() {
            for (j, b) in all.enumerated() { #expect((a == b) == (i == j), "\(a.sizes) and \(b.sizes)") }
        }
    }
}
