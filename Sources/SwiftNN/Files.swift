import CNNKernel

// Files of the C core in memory: what a sink writes, and what a reader reads.

/// A file of `count` bytes, which `write` gives to a sink until it is done or fails.
func written(count: Int, _ write: (nnk_sink) -> nnk_status) -> (nnk_status, [UInt8]) {
    var bytes = [UInt8](repeating: 0, count: count)
    let status = unsafe bytes.withUnsafeMutableBytes { file in
        var file = unsafe file
        return unsafe withUnsafeMutablePointer(to: &file) { file in
            let sink = unsafe nnk_sink(write: copyToMemory, context: file)
            var status = NNK_MORE
            while status == NNK_MORE { status = unsafe write(sink) }
            return status
        }
    }
    return (status, bytes)
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

/// The sink whose context points to the file's memory.
private func copyToMemory(
    context: UnsafeMutableRawPointer?, offset: UInt32, bytes: UnsafePointer<UInt8>?, count: UInt32
) -> nnk_status {
    guard let file = unsafe context?.load(as: UnsafeMutableRawBufferPointer.self), let bytes = unsafe bytes,
        Int(offset) + Int(count) <= file.count
    else { return NNK_E_SINK }
    unsafe (file.baseAddress! + Int(offset)).copyMemory(from: bytes, byteCount: Int(count))
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
