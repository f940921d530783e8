/// Arrays that are tables: objects of the same few members, all short.
enum UniformObjects {
    private static let longestCell = 100
    private static let mostColumns = 24

    /// The names of the members and a row for each object; nil for any other array.
    static func table(of array: JSONValue) -> [[String]]? {
        guard let columns = columns(of: array) else { return nil }
        return [columns] + array.elements.map { row(of: $0.value, columns: columns) }
    }

    /// The names of the members in the order of their first appearance; nil for an array that is no table.
    static func columns(of array: JSONValue) -> [String]? {
        var columns: [String] = []
        var (rows, cells) = (0, 0)
        for (_, element) in array.elements {
            guard element.kind == .object else { return nil }
            rows += 1
            for (key, value) in element.members {
                guard isCell(value) else { return nil }
                cells += 1
                if !columns.contains(key) { columns.append(key) }
                guard columns.count <= mostColumns else { return nil }
            }
        }
        return rows >= 2 && columns.count >= 2 && cells * 4 >= rows * columns.count * 3 ? columns : nil
    }

    /// The members of `object` in the order of `columns`.
    static func row(of object: JSONValue, columns: [String]) -> [String] {
        var row = [String](repeating: "", count: columns.count)
        for (key, value) in object.members where !value.isEmpty {
            if let column = columns.firstIndex(of: key) { row[column] = cell(value) }
        }
        return row
    }

    private static func isCell(_ value: JSONValue) -> Bool {
        guard value.byteCount <= longestCell, value.kind != .object else { return false }
        return value.kind != .array || value.elements.allSatisfy { !$0.value.isContainer }
    }

    private static func cell(_ value: JSONValue) -> String {
        value.kind == .array ? value.elements.lazy.filter { !$0.value.isEmpty }.map(\.value.text).joined(separator: ", ") : value.text
    }
}
