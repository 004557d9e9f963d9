import CImage

/// The bytes of a PNG file.
///
/// - Precondition: `rgb` holds 3 * `width` * `height` bytes, rows of R G B from the top; there is a pixel at least.
public func png(width: Int, height: Int, rgb: [UInt8]) -> [UInt8] {
    precondition(width > 0 && height > 0 && rgb.count == 3 * width * height)
    let (columns, rows) = (UInt32(width), UInt32(height))
    return [UInt8](unsafeUninitializedCapacity: nn_png_bound(columns, rows)) { png, count in
        count = nn_png_write(png.baseAddress, png.count, rgb, columns, rows)
        precondition(count > 0, "no memory to write a PNG")
    }
}
