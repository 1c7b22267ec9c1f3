/// Rows for one table, to be inserted or replaced by key. SQLite takes them one by one through one prepared statement,
/// PostgreSQL many at a time, as one array for each column.
struct SQLBatch<Row> {
  enum Role {
    case key
    /// Replaced where there is a row with that key.
    case value
    /// Stays as it is there.
    case fixed
  }

  struct Column {
    let name: String
    /// nil: SQLite's table does not have it.
    let sqlite: Role?
    let postgreSQL: Role
    /// The type of PostgreSQL's array.
    let arrayType: String
    let bind: (_ row: Row, _ statement: PreparedStatement, _ index: CInt) throws -> Void
    let append: (_ rows: ArraySlice<Row>, _ parameters: inout PostgreSQLParameters) -> Void
  }

  let table: String
  let rows: [Row]
  /// The order of keys; nil: there is no key, and rows are numbered in their own order.
  let precedes: ((Row, Row) -> Bool)?
  /// What a row takes, about, in bytes.
  let size: (Row) -> Int
  private(set) var columns: [Column] = []

  /// - Parameter rows: the last of several with one key stands.
  init(into table: String, _ rows: [Row], precedes: ((Row, Row) -> Bool)?, size: @escaping (Row) -> Int) {
    self.table = table
    self.rows = rows
    self.precedes = precedes
    self.size = size
  }

  mutating func key<V: SQLValue>(_ name: String, _ value: @escaping (Row) -> V) { add(name, .key, .key, value) }

  mutating func value<V: SQLValue>(_ name: String, _ value: @escaping (Row) -> V) { add(name, .value, .value, value) }

  mutating func fixed<V: SQLValue>(_ name: String, _ value: @escaping (Row) -> V) { add(name, .fixed, .fixed, value) }

  /// A text of any length as key, where PostgreSQL's index has `PostgreSQLKey` in its place.
  mutating func longKey(_ name: String, _ value: @escaping (Row) -> String) {
    add(PostgreSQLSession.longKey(name), nil, .key) { PostgreSQLKey.bounded(value($0)) }
    add(name, .key, .fixed, value)
  }

  private mutating func add<V: SQLValue>(
    _ name: String, _ sqlite: Role?, _ postgreSQL: Role, _ value: @escaping (Row) -> V
  ) {
    columns.append(
      Column(
        name: name, sqlite: sqlite, postgreSQL: postgreSQL, arrayType: V.arrayType,
        bind: { row, statement, index in try statement.bind(value(row), at: index) },
        append: { rows, parameters in parameters.append(rows, value) }))
  }

  /// `ON CONFLICT …`; nothing where there is no key.
  static func onConflict(_ columns: [(name: String, role: Role)]) -> String {
    let keys = columns.filter { $0.role == .key }.map(\.name)
    let values = columns.filter { $0.role == .value }.map { "\($0.name) = excluded.\($0.name)" }
    guard !keys.isEmpty else { return "" }
    return " ON CONFLICT (\(keys.joined(separator: ", "))) DO "
      + (values.isEmpty ? "NOTHING" : "UPDATE SET \(values.joined(separator: ", "))")
  }
}

/// The last row of each key, ascending by key.
func lastOfEach<Row>(_ rows: [Row], precedes: (Row, Row) -> Bool) -> [Row] {
  let ascends = zip(rows, rows.dropFirst()).allSatisfy(precedes)
  if ascends { return rows }
  let order = rows.indices.sorted { a, b in
    precedes(rows[a], rows[b]) || (!precedes(rows[b], rows[a]) && a < b)
  }
  var kept: [Row] = []
  for index in order {
    if let last = kept.last, !precedes(last, rows[index]) { kept.removeLast() }
    kept.append(rows[index])
  }
  return kept
}
