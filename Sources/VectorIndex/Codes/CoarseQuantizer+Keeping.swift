import RowFilters
import CVectorKernels

extension CoarseQuantizer {
    /// Some of another's centroids: list i has the centroid that had number `olds[i]`.
    convenience init(_ other: CoarseQuantizer, keeping olds: [Int], space: CodeSpace) {
        let (lists, width, components) = (olds.count, other.width, other.components.count)
        let units = AlignedMemory(bytes: Self.unitBytes(lists, width))
        let projected = AlignedMemory(bytes: 2 * lists * components)
        let codes = CodeList(capacity: lists, width: width)
        let (steps, oldSteps) = (units.base + Self.stepOffset(lists, width), other.units.base + Self.stepOffset(other.lists, width))
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: space.codeBytes) { code in
            guard let code = code.baseAddress else { return }
            for (list, old) in olds.enumerated() {
                (units.base + list * width).copyMemory(from: other.units.base + old * width, byteCount: width)
                (steps + 4 * list).copyMemory(from: oldSteps + 4 * old, byteCount: 4)
                (projected.base + 2 * list * components).copyMemory(
                    from: other.projected.base + 2 * old * components, byteCount: 2 * components)
                let factors = other.codes.read(old, into: code)
                codes.write(list, code: code, factors: factors, slot: Slot(list))
            }
        }
        codes.publish(lists)
        self.init(
            lists: lists, width: width, components: other.components, units: units, codes: codes, projected: projected,
            trainedRows: other.trainedRows, calibration: other.calibration)
    }
}
