@_exported import NNText
import SystemPackage

extension FilePath {
    /// The path of a text, for calls of the system.
    package init(text: String) {
        let bytes = PathText.bytes(text)
        self = (bytes + [0]).withUnsafeBytes {
            FilePath(platformString: $0.assumingMemoryBound(to: CInterop.PlatformChar.self).baseAddress!)
        }
    }

    /// The text of the path, for messages and for other paths made of it.
    package var text: String {
        withPlatformString {
            PathText.text(UnsafeBufferPointer(start: $0, count: length).map { UInt8(bitPattern: $0) })
        }
    }
}
