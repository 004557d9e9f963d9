import Foundation
import SwiftNN

func bytes(of file: String) throws -> [UInt8] { Array(try Data(contentsOf: URL(filePath: file))) }

let network = try Network(bytes: bytes(of: "model.nnk"))
print("tells \(network.classNames[1]) from \(network.classNames[0])")
