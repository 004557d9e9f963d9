import NNData
import Testing

@Suite("Drawn data set")
struct DrawnDataSetTests {
    @Test("A seed gives the same data, another seed other data")
    func seed() {
        let first = DataSet.drawn(count: 6, seed: 1)
        #expect(DataSet.drawn(count: 6, seed: 1) == first)
        #expect(DataSet.drawn(count: 6, seed: 2).images != first.images)
    }

    @Test("Every platform draws the same bytes")
    func golden() {
        let data = DataSet.drawn(count: 50, seed: 1)
        #expect(fnv1a(data.images) == 0x3a48_356e_68cc_41d9)
        #expect(fnv1a(data.labels) == 0x4023_fba1_d94e_105c)
    }

    @Test("Any count works, and half of the images are cats", arguments: [0, 1, 2, 3, 50, 209])
    func count(count: Int) {
        let data = DataSet.drawn(count: count, seed: .max)
        #expect(data.count == count)
        #expect(data.images.count == count * DataSet.imageBytes)
        #expect(data.labels.count { $0 == 1 } == count / 2)
        #expect(data.labels.count { $0 == 0 } == count - count / 2)
        #expect(data.classes == ["non-cat", "cat"])
    }

    @Test("The classes come in no order that could be learnt")
    func order() {
        let labels = DataSet.drawn(count: 209, seed: 1).labels
        let changes = zip(labels, labels.dropFirst()).count { $0 != $1 }
        #expect((70...138).contains(changes))
    }

    @Test("No image comes twice, neither within a set nor in the held-out set")
    func distinct() {
        let sets = [DataSet.drawn(count: 209, seed: 1), DataSet.drawn(count: 50, seed: 2)]
        let images = sets.flatMap { data in (0..<data.count).map { Array(data.image($0)) } }
        #expect(Set(images).count == 259)
    }

    /// FNV-1a with 64 bits: http://www.isthe.com/chongo/tech/comp/fnv/
    private func fnv1a(_ bytes: [UInt8]) -> UInt64 {
        bytes.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01b3 }
    }
}
