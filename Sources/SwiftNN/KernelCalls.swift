#if !hasFeature(Embedded)
    import CNNKernel

    /// The kernels on arrays of Swift: their `nnk_real *` is an `OpaquePointer` here, to which arrays do not convert.
    extension nnk_arithmetic {
        func linearForward(
            _ z: UnsafeMutableRawPointer, _ w: UnsafeRawPointer, _ b: UnsafeRawPointer, _ a: UnsafeRawPointer,
            _ shape: nnk_shape
        ) {
            linear_forward(OpaquePointer(z), OpaquePointer(w), OpaquePointer(b), OpaquePointer(a), shape)
        }

        func linearBackward(
            _ dw: UnsafeMutableRawPointer, _ db: UnsafeMutableRawPointer, _ da: UnsafeMutableRawPointer,
            _ dz: UnsafeRawPointer, _ w: UnsafeRawPointer, _ a: UnsafeRawPointer, _ shape: nnk_shape
        ) {
            linear_backward(
                OpaquePointer(dw), OpaquePointer(db), OpaquePointer(da), OpaquePointer(dz), OpaquePointer(w),
                OpaquePointer(a), shape)
        }

        func activate(
            _ a: UnsafeMutableRawPointer, _ z: UnsafeRawPointer, _ count: Int, _ activation: Activation
        ) {
            switch activation {
            case .relu: relu(OpaquePointer(a), OpaquePointer(z), count)
            case .sigmoid: sigmoid(OpaquePointer(a), OpaquePointer(z), count)
            }
        }

        func activateBackward(
            _ dz: UnsafeMutableRawPointer, _ da: UnsafeRawPointer, _ z: UnsafeRawPointer, _ count: Int,
            _ activation: Activation
        ) {
            switch activation {
            case .relu: relu_backward(OpaquePointer(dz), OpaquePointer(da), OpaquePointer(z), count)
            case .sigmoid: sigmoid_backward(OpaquePointer(dz), OpaquePointer(da), OpaquePointer(z), count)
            }
        }

        func update(_ p: UnsafeMutableRawPointer, _ g: UnsafeRawPointer, rate: Double, _ count: Int) {
            update(OpaquePointer(p), OpaquePointer(g), rate, count)
        }

        func cost(_ p: UnsafeRawPointer, labels: UnsafePointer<UInt8>, _ count: Int) -> Double {
            cost(OpaquePointer(p), labels, count)
        }

        func costBackward(
            _ dp: UnsafeMutableRawPointer, _ p: UnsafeRawPointer, labels: UnsafePointer<UInt8>, _ count: Int
        ) {
            cost_backward(OpaquePointer(dp), OpaquePointer(p), labels, count)
        }
    }
#endif
