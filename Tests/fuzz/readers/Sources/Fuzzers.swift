/// What any bytes are given to. It must neither crash nor break what it requires.
typealias Fuzzer = @Sendable ([UInt8]) -> Void

/// The name of the program is that of the fuzzer.
private let fuzzers: [String: Fuzzer] = [
    "npz": fuzzNPZ, "safetensors": fuzzSafetensors, "onnx": fuzzONNX, "protobuf": fuzzProtocolBuffer,
    "hdf5_answers": fuzzHDF5Answers, "hdf5": fuzzHDF5, "orientation": fuzzOrientation, "paths": fuzzPaths,
    "kinds": fuzzKinds,
]

private nonisolated(unsafe) var fuzzer: Fuzzer?

@_cdecl("LLVMFuzzerInitialize")
public func initialize(
    _ count: UnsafeMutablePointer<CInt>,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>>>
) -> CInt {
    let path = String(cString: arguments.pointee[0])
    fuzzer = fuzzers[String(path.split(separator: "/").last!)]
    require(fuzzer != nil, "a program that is named \(fuzzers.keys.sorted().joined(separator: ", "))")
    return 0
}

@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    fuzzer!(Array(UnsafeBufferPointer(start: bytes, count: count)))
    return 0
}

func require(_ condition: Bool, _ what: @autoclosure () -> String) {
    if !condition { fatalError("expected \(what())") }
}
