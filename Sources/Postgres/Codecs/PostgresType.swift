/// A data type of the server, by its object identifier (OID) or, for types of extensions, by name.
///
/// The OIDs of built-in types are fixed (`pg_type.dat` of PostgreSQL). Those of extension types differ from database to database;
/// such a type has OID 0 ("let the server infer it from the context") and a name that is looked up only where the OID must be spelled out.
public struct PostgresType: Hashable, Sendable {
    /// The object identifier; 0 where the server is to infer the type.
    public let oid: UInt32
    /// The name of an extension's type, such as `vector`; nil for built-in types.
    public let extensionName: String?

    /// A type with a fixed object identifier.
    public init(oid: UInt32) {
        self.oid = oid
        self.extensionName = nil
    }

    /// A type of an extension, found by its name in the database's search path.
    public init(extensionName: String) {
        self.oid = 0
        self.extensionName = extensionName
    }

    /// The server infers the type from the context of the parameter.
    public static let unspecified = PostgresType(oid: 0)
    /// `boolean`
    public static let bool = PostgresType(oid: 16)
    /// `bytea`
    public static let bytea = PostgresType(oid: 17)
    /// `"char"`, the one-byte internal type of the system catalogues.
    public static let char = PostgresType(oid: 18)
    /// `name`
    public static let name = PostgresType(oid: 19)
    /// `bigint`
    public static let int8 = PostgresType(oid: 20)
    /// `smallint`
    public static let int2 = PostgresType(oid: 21)
    /// `integer`
    public static let int4 = PostgresType(oid: 23)
    /// `text`
    public static let text = PostgresType(oid: 25)
    /// `oid`
    public static let oid = PostgresType(oid: 26)
    /// `json`
    public static let json = PostgresType(oid: 114)
    /// `xml`
    public static let xml = PostgresType(oid: 142)
    /// `real`
    public static let float4 = PostgresType(oid: 700)
    /// `double precision`
    public static let float8 = PostgresType(oid: 701)
    /// `unknown`, the type of a bare string literal.
    public static let unknown = PostgresType(oid: 705)
    /// `char(n)`
    public static let bpchar = PostgresType(oid: 1042)
    /// `varchar`
    public static let varchar = PostgresType(oid: 1043)
    /// `date`
    public static let date = PostgresType(oid: 1082)
    /// `timestamp without time zone`
    public static let timestamp = PostgresType(oid: 1114)
    /// `timestamp with time zone`
    public static let timestamptz = PostgresType(oid: 1184)
    /// `numeric`
    public static let numeric = PostgresType(oid: 1700)
    /// `uuid`
    public static let uuid = PostgresType(oid: 2950)
    /// `jsonb`
    public static let jsonb = PostgresType(oid: 3802)
    /// `vector` of the pgvector extension.
    public static let vector = PostgresType(extensionName: "vector")

    /// Objects made by users and extensions have OIDs from here on (`FirstNormalObjectId`).
    static let firstUserDefinedOID: UInt32 = 16_384

    /// The type of arrays of this type; ``unspecified`` where it is not a fixed one.
    public var arrayType: PostgresType {
        Self.arrayOIDs[oid].map { PostgresType(oid: $0) } ?? .unspecified
    }

    private static let arrayOIDs: [UInt32: UInt32] = [
        16: 1000, 17: 1001, 18: 1002, 19: 1003, 20: 1016, 21: 1005, 23: 1007, 25: 1009, 26: 1028, 114: 199, 142: 143, 700: 1021, 701: 1022,
        1042: 1014, 1043: 1015, 1082: 1182, 1114: 1115, 1184: 1185, 1700: 1231, 2950: 2951, 3802: 3807,
    ]

    private static let names: [UInt32: String] = [
        16: "boolean", 17: "bytea", 18: "\"char\"", 19: "name", 20: "bigint", 21: "smallint", 23: "integer", 25: "text", 26: "oid",
        114: "json",
        142: "xml", 700: "real", 701: "double precision", 705: "unknown", 1042: "character", 1043: "varchar", 1082: "date",
        1114: "timestamp",
        1184: "timestamptz", 1700: "numeric", 2950: "uuid", 3802: "jsonb",
    ]
}

extension PostgresType: CustomStringConvertible {
    /// The type's SQL name where it is known, else its object identifier.
    public var description: String {
        if let extensionName { return extensionName }
        if let name = Self.names[oid] { return name }
        if let element = Self.arrayOIDs.first(where: { $0.value == oid })?.key { return "\(PostgresType(oid: element))[]" }
        return oid == 0 ? "an unspecified type" : "the type with OID \(oid)"
    }
}
