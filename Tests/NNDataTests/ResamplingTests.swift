import Testing

@testable import NNData

/// That the results are Pillow's is tested in CLITests.
@Suite("Resampling")
struct ResamplingTests {
    private func shrunk(_ row: [UInt8]) -> [UInt8] {
        row.withUnsafeBufferPointer(ResamplingFilter(count: row.count / 3).shrunkRow)
    }

    @Test("a mirrored row gives the mirrored result, whatever its length")
    func mirrored() {
        var noise = SplitMix(state: 4)
        for count in Array(1...700) + [4000, 4032, 8160, 65_535] {
            // Grey, so that bytes can be reversed as pixels.
            let row = (0..<count).flatMap { _ in
                [UInt8](repeating: UInt8.random(in: 0...255, using: &noise), count: 3)
            }
            #expect(shrunk(row.reversed()) == shrunk(row).reversed(), "\(count) pixels")
        }
    }

    @Test("one colour stays as it is", arguments: [1, 2, 63, 64, 65, 1000, 65_535])
    func flat(_ count: Int) {
        for shade in [0, 1, 127, 254, 255] as [UInt8] {
            let row = [UInt8](repeating: shade, count: 3 * count)
            #expect(shrunk(row).allSatisfy { $0 == shade })
        }
    }

    @Test("each row is asked for once, from the first to the last", arguments: [1, 64, 65, 200])
    func asksInOrder(_ count: Int) {
        var asked: UInt8 = 0
        var result: [[UInt8]] = []
        ResamplingFilter(count: count).shrinkColumns(
            rowBytes: 2,
            nextRow: { row in
                row.update(repeating: asked)
                asked += 1
            },
            result: { result.append($0) })
        #expect(Int(asked) == count)
        #expect(result.count == DataSet.side)
        #expect(result.allSatisfy { $0.count == 2 && $0[0] == $0[1] })
        #expect(result.map { $0[0] } == result.map { $0[0] }.sorted())
    }
}
