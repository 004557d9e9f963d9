// Reads pictures (PNG, JPEG or WebP) as a network sees them, 64 x 64 pixels, and writes them as one array that numpy loads:
//
//     Pictures pictures.npz photo.jpg drawing.png
//
// It needs libpng, libjpeg, libwebp and zlib, but not libhdf5.
import NNData

let arguments = CommandLine.arguments.dropFirst()
guard let output = arguments.first, arguments.count > 1 else {
    fatalError("usage: Pictures OUTPUT.npz PICTURE...")
}
let images = try arguments.dropFirst().map { try Picture(at: $0).image }
let pixels = Tensor(
    name: "pixels", shape: [images.count, DataSet.side, DataSet.side, 3],
    elements: .f32(images.joined().map { Float($0) / 255 }))
try OutputFile(output).write(TensorFile(tensors: [pixels], metadata: [:]).npz())
print("\(output): \(pixels.shape)")
