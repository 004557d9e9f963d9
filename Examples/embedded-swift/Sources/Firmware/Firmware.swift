// Prints the class of each image that its command line names. The model lies in flash and an image comes in pieces, so
// prediction takes `memory`, `piece` and a little stack of the RAM.
import Board
import NNInference

@main struct Firmware {
    static func main() {
        do throws(NNError) {
            let file = UnsafeRawBufferPointer(start: board_model, count: board_model_bytes)
            let bytes = RawSpan(_unsafeBytes: file)
            let network = try NetworkView(bytes, topology: .twoLayer, elementType: .f32)
            var index: Int32 = 0
            while let name = board_word(index) {
                answer(name, network)
                index += 1
            }
        } catch {
            print("the model: expected 12288-7-1 in f32, got something else")
            board_exit(65)
        }
    }

    /// `cat.bin: cat (probability of cat: 0.9981, bits 3feff06f80000000)`
    static func answer(_ name: UnsafePointer<CChar>, _ network: NetworkView) {
        write(name)
        print(": ", terminator: "")
        do throws(NNError) {
            let prediction = try predict(name, network)
            let probability = prediction.probability
            write(network.className(prediction.classIndex))
            print(" (probability of ", terminator: "")
            write(network.className(1))
            print(": ", terminator: "")
            write(UInt64(probability * 10_000 + 0.5), digits: 5, radix: 10, point: 4)
            print(", bits ", terminator: "")
            write(probability.bitPattern, digits: 16, radix: 16)
            print(")")
        } catch {
            print("expected an image of 12288 bytes, got something else")
            board_exit(65)
        }
    }

    /// Throws ``NNError/wrongCount(of:expected:found:)`` for a file of another size, and if there is none.
    static func predict(
        _ name: UnsafePointer<CChar>, _ network: NetworkView
    ) throws(NNError) -> Prediction {
        let file = board_open(name)
        guard file >= 0 else { throw .wrongCount(of: .bytesOfImage, expected: network.inputs, found: 0) }
        defer { board_close(file) }
        var memory = Predictor.twoLayerF32Memory
        var piece = InlineArray<100, UInt8>(repeating: 0)
        var predictor = try Predictor(network, memory: memory.mutableSpan)
        while true {
            var room = piece.mutableSpan
            let count = room.withUnsafeMutableBufferPointer { board_read(file, $0.baseAddress, $0.count) }
            if count == 0 { return try predictor.finish() }
            try predictor.feed(piece.span.extracting(first: count))
        }
    }

    static func write(_ text: UnsafePointer<CChar>) {
        var end = text
        while end.pointee != 0 {
            putchar(Int32(end.pointee))
            end += 1
        }
    }

    static func write(_ text: RawSpan) {
        for index in 0..<text.byteCount {
            putchar(Int32(text.unsafeLoad(fromByteOffset: index, as: UInt8.self)))
        }
    }

    /// Prints a number in `digits` digits, with a point before the last `point` of them.
    static func write(_ number: UInt64, digits: Int, radix: UInt64, point: Int = 0) {
        var unit: UInt64 = 1
        for _ in 1..<digits { unit *= radix }
        for left in stride(from: digits, to: 0, by: -1) {
            if left == point { print(".", terminator: "") }
            let digit = Int32(truncatingIfNeeded: number / unit % radix)
            putchar(digit + (digit < 10 ? 48 : 87))  // "0" is 48, "a" is 97
            unit /= radix
        }
    }
}
