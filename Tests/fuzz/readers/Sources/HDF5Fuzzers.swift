import CHDF5Reader
import SystemPackage

@testable import NNData
@testable import NNHDF5

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// The process that reads a file answers with any bytes: its file is refused, or a data set.
let fuzzHDF5Answers: Fuzzer = { bytes in
    // More would not fit the socket, which nobody empties.
    let bytes = bytes.prefix(32 << 10)
    var sockets: [CInt] = [-1, -1]
    let stream: CInt = 1  // SOCK_STREAM, whose type depends on the system
    require(socketpair(AF_UNIX, stream, 0, &sockets) == 0, "a pair of sockets")
    defer { close(sockets[1]) }
    require(send(sockets[1], Array(bytes), bytes.count, 0) == bytes.count, "room for the answers")
    shutdown(sockets[1], CInt(SHUT_WR))
    // Nobody's child: it is waited for, and not ended.
    let process = nn_reader(child: getpid(), socket: sockets[0], waited_ms: 0, limit_ms: 1000)
    let source = HDF5Source(path: "/dev/null", size: 20_000)
    guard let reader = try? HDF5Reader(source, limits: .init(fileSize: source.size), answeredBy: process),
        let data = try? DataSetFile(reader).read(
            images: "train_set_x", labels: "train_set_y", names: "train_set_names")
    else { return }
    check(data)
}

/// Any bytes as a file, through the process that reads it.
let fuzzHDF5: Fuzzer = { bytes in
    let path = "/tmp/fuzzed-\(getpid()).h5"
    let file = try! FileDescriptor.open(
        FilePath(path), .writeOnly, options: [.create, .truncate], permissions: .ownerReadWrite)
    try! file.closeAfter { _ = try file.writeAll(bytes) }
    defer { unlink(path) }
    if let data = try? DataSet(hdf5: path, role: .train) { check(data) }
}

private func check(_ data: DataSet) {
    require(data.images.count == data.count * DataSet.imageBytes, "images of the right size")
    require(data.labels.allSatisfy { $0 <= 1 }, "labels of 0 and 1")
    require(data.names.map { $0.count == data.count } ?? true, "a name for each image")
}
