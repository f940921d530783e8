import CVectorKernels

/// What the codes of one partition have in common: the rotation and the centre the residuals are taken from.
///
/// Codes around the partition's mean need one look-up table a query, survive splits and merges of lists, and exist before any training.
final class CodeSpace: Sendable {
    let rotation: Rotation
    /// Mean of the partition's rows when the space was made.
    let centre: [Float]
    let centreSquaredNorm: Float
    /// Rows the centre is the mean of.
    let rows: Int
    private let rotatedCentre: [Float]

    init(rotation: Rotation, centre: [Float], rows: Int) {
        self.rotation = rotation
        self.centre = centre
        self.rows = rows
        centreSquaredNorm = Float(bunko_squared_norm(centre, centre.count))
        rotatedCentre = [Float](unsafeUninitializedCapacity: rotation.width) { buffer, count in
            guard let base = buffer.baseAddress else { return }
            rotation.rotate(centre, into: base)
            count = rotation.width
        }
    }

    var codeBytes: Int { rotation.width / 8 }
    var bytes: Int { 4 * (centre.count + rotatedCentre.count) }

    /// Codes a unit vector. `scratch` holds `width` values, `code` receives `codeBytes` bytes. About 4 microseconds at 1536 dimensions.
    func encode(
        _ row: UnsafePointer<Float>, scratch: UnsafeMutablePointer<Float>, into code: UnsafeMutablePointer<UInt8>
    ) -> bunko_code_factors {
        rotation.rotate(row, into: scratch)
        return encode(rotated: scratch, scratch: scratch, into: code)
    }

    /// The same of a row that was coded as a query.
    func encode(
        _ row: QueryCode, scratch: UnsafeMutablePointer<Float>, into code: UnsafeMutablePointer<UInt8>
    ) -> bunko_code_factors {
        withExtendedLifetime(row) { encode(rotated: row.rotated, scratch: scratch, into: code) }
    }

    /// `scratch` may be the rotated row's own memory.
    private func encode(
        rotated: UnsafePointer<Float>, scratch: UnsafeMutablePointer<Float>, into code: UnsafeMutablePointer<UInt8>
    ) -> bunko_code_factors {
        rotatedCentre.withUnsafeBufferPointer { subtracted in
            for position in subtracted.indices { scratch[position] = rotated[position] - subtracted[position] }
        }
        return bunko_encode(scratch, rotatedCentre, rotation.width, code)
    }
}
