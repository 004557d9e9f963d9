import CNNKernel

// Files of the C core in memory: what a sink writes, and what a reader reads.

extension Network {
    /// The first bytes of a model file, which say how long it is.
    public static let headerBytes = Int(NNK_HEADER_BYTES)

    /// How many bytes a model file has, as its header says.
    ///
    /// - Parameter header: ``headerBytes`` bytes or more.
    public static func byteCount(header: [UInt8]) -> Int {
        headerBytes + (0..<4).reduce(0) { $0 + Int(header[32 + $1]) << (8 * $1) }
    }
}

/// A file of up to `count` bytes, which `write` gives to a sink until it is done or fails.
func written(atMost count: Int, _ write: (nnk_sink) -> nnk_status) -> (nnk_status, [UInt8]) {
    var status = NNK_MORE
    let bytes = unsafe [UInt8](unsafeUninitializedCapacity: count) { memory, end in
        unsafe UnsafeMutableRawBufferPointer(memory).initializeMemory(as: UInt8.self, repeating: 0)
        var file = unsafe WrittenFile(memory: UnsafeMutableRawBufferPointer(memory))
        unsafe withUnsafeMutablePointer(to: &file) { file in
            let sink = unsafe nnk_sink(write: copyToMemory, context: file)
            while status == NNK_MORE { status = unsafe write(sink) }
        }
        end = unsafe file.end
    }
    return (status, bytes)
}

/// What a sink has written so far.
@unsafe
private struct WrittenFile {
    let memory: UnsafeMutableRawBufferPointer
    /// Behind the last byte.
    var end = 0
}

/// What `read` says of a file's bytes in the end; it is given a reader of them.
func reading(_ bytes: [UInt8], _ read: (nnk_reader) -> nnk_status) -> nnk_status {
    unsafe bytes.withUnsafeBytes { file in
        var file = unsafe file
        return unsafe withUnsafeMutablePointer(to: &file) { file in
            let reader = unsafe nnk_reader(read: copyFromMemory, context: file)
            var status = NNK_MORE
            while status == NNK_MORE { status = unsafe read(reader) }
            return status
        }
    }
}

/// The sink whose context points to the file.
private func copyToMemory(
    context: UnsafeMutableRawPointer?, offset: UInt32, bytes: UnsafePointer<UInt8>?, count: UInt32
) -> nnk_status {
    guard let file = unsafe context?.assumingMemoryBound(to: WrittenFile.self), let bytes = unsafe bytes
    else {
        return NNK_E_SINK
    }
    let end = Int(offset) + Int(count)
    guard unsafe end <= file.pointee.memory.count else { return NNK_E_SINK }
    unsafe (file.pointee.memory.baseAddress! + Int(offset)).copyMemory(from: bytes, byteCount: Int(count))
    unsafe file.pointee.end = max(file.pointee.end, end)
    return NNK_OK
}

/// The reader whose context points to the file's memory.
private func copyFromMemory(
    context: UnsafeMutableRawPointer?, offset: UInt32, count: UInt32, out: UnsafeMutablePointer<UInt8>?
) -> nnk_status {
    guard let file = unsafe context?.load(as: UnsafeRawBufferPointer.self), let out = unsafe out,
        Int(offset) + Int(count) <= file.count
    else { return NNK_E_SOURCE }
    unsafe UnsafeMutableRawPointer(out).copyMemory(
        from: file.baseAddress! + Int(offset), byteCount: Int(count))
    return NNK_OK
}
