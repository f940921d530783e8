import CVectorKernels

extension CoarseQuantizer {
    /// Some of another's centroids: list i has the centroid that had number `olds[i]`.
    convenience init(_ other: CoarseQuantizer, keeping olds: [Int], space: CodeSpace) {
        let (lists, dimensions, width) = (olds.count, other.dimensions, other.components.count)
        let units = AlignedMemory(bytes: Self.unitBytes(lists, dimensions))
        let projected = AlignedMemory(bytes: 2 * lists * width)
        let codes = CodeList(capacity: lists, width: space.rotation.width)
        let (steps, oldSteps) = (
            units.base + Self.stepOffset(lists, dimensions), other.units.base + Self.stepOffset(other.lists, dimensions)
        )
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: space.codeBytes) { code in
            guard let code = code.baseAddress else { return }
            for (list, old) in olds.enumerated() {
                (units.base + list * dimensions).copyMemory(from: other.units.base + old * dimensions, byteCount: dimensions)
                (steps + 4 * list).copyMemory(from: oldSteps + 4 * old, byteCount: 4)
                (projected.base + 2 * list * width).copyMemory(from: other.projected.base + 2 * old * width, byteCount: 2 * width)
                let factors = other.codes.read(old, into: code)
                codes.write(list, code: code, factors: factors, slot: Slot(list))
            }
        }
        codes.publish(lists)
        self.init(
            lists: lists, components: other.components, units: units, codes: codes, projected: projected, trainedRows: other.trainedRows,
            calibration: other.calibration)
    }
}
