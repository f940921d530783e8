import CVectorKernels

/// A query as the scan wants it: its unit vector, rotated and quantised, with its tables. One for all partitions of a search.
///
/// Not `Sendable`: it owns scratch memory that one thread uses.
final class QueryCode {
    let dimensions: Int
    /// The query at unit length.
    let unit: UnsafePointer<Float>
    /// Values from here on are 0: exact scores need not read rows beyond. A multiple of 64, or all dimensions.
    let extent: Int
    /// Memory for the kernels, as `bunko_scan` wants it.
    let scratch: UnsafeMutablePointer<UInt8>
    private let memory: UnsafeMutableRawPointer
    private let values: UnsafeMutablePointer<Float>
    /// The unit vector rotated: as many values as the rotation's width. Lives as long as this object.
    let rotated: UnsafePointer<Float>
    private let bytes: UnsafeMutablePointer<Int8>
    private let width: Int
    private var quantized: bunko_quantized_query

    /// - Parameters:
    ///   - vector: as many values as the rotation has dimensions.
    ///   - norm: Euclidean norm of the vector.
    init(_ vector: UnsafePointer<Float>, norm: Double, rotation: Rotation) {
        width = rotation.width
        dimensions = rotation.dimensions
        let unitBytes = (4 * dimensions + 63) / 64 * 64
        let tables = 4 * width
        let planes = 5 * width / 2
        let wide = bunko_cpu_has_wide_tables() ? (width / 8 + 2) / 3 * 256 : 0
        memory = .allocate(byteCount: unitBytes + 4 * width + width + tables + planes + wide + 5 * width, alignment: 64)
        values = memory.bindMemory(to: Float.self, capacity: dimensions)
        unit = UnsafePointer(values)
        bunko_scale(vector, 1 / norm, values, dimensions)
        extent = Self.extent(of: unit, dimensions)
        let coordinates = (memory + unitBytes).bindMemory(to: Float.self, capacity: width)
        rotated = UnsafePointer(coordinates)
        rotation.rotate(unit, into: coordinates)
        var next = memory + unitBytes + 4 * width
        let numbers = next.bindMemory(to: Int8.self, capacity: width)
        next += width
        let tableBytes = next.bindMemory(to: UInt8.self, capacity: tables)
        next += tables
        let planeBytes = next.bindMemory(to: UInt8.self, capacity: planes)
        next += planes
        let wideBytes = next.bindMemory(to: UInt8.self, capacity: wide)
        next += wide
        scratch = next.bindMemory(to: UInt8.self, capacity: 4 * width)
        bytes = (next + 4 * width).bindMemory(to: Int8.self, capacity: width)
        quantized = bunko_quantize(rotated, width, numbers, tableBytes, planeBytes)
        bunko_widen_tables(&quantized, wideBytes)
    }

    deinit {
        memory.deallocate()
    }

    /// Where the zeros at a vector's end begin, rounded up so that a dot product adds the same values in the same order as one of all dimensions.
    ///
    /// A model may use a part of the dimensions alone.
    static func extent(of vector: UnsafePointer<Float>, _ dimensions: Int) -> Int {
        var end = dimensions
        while end > 0, vector[end - 1] == 0 { end -= 1 }
        return min(dimensions, (end + 63) / 64 * 64)
    }

    /// The rotated unit vector as bytes, and what to multiply them with.
    private(set) lazy var rounded: (values: UnsafePointer<Int8>, step: Float) = {
        let step = bunko_round_to_int8(rotated, bytes, width)
        return (UnsafePointer(bytes), step)
    }()

    /// The query's numbers; they point into this object's memory.
    var numbers: bunko_quantized_query { quantized }

    /// The query against the codes of one space. A dot product of `dimensions` values.
    func withCodeQuery<Result>(space: CodeSpace, epsilon: Float, _ body: (inout bunko_code_query) -> Result) -> Result {
        withUnsafePointer(to: &quantized) { quantized in
            var query = codeQuery(quantized, space: space, epsilon: epsilon)
            return body(&query)
        }
    }

    /// The same for a copy of `numbers` that lies at `quantized`.
    func codeQuery(_ quantized: UnsafePointer<bunko_quantized_query>, space: CodeSpace, epsilon: Float) -> bunko_code_query {
        let base = bunko_dot(unit, space.centre, dimensions)
        // |q - c|^2 of a unit q; rounding may take it under zero where q is the centre.
        let squared = max(0, 1 - 2 * base + space.centreSquaredNorm)
        return bunko_code_query(query: quantized, base: base, distance: squared.squareRoot(), epsilon: epsilon)
    }
}
