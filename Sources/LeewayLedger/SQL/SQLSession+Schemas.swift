import LeewayCore

/// What schema registries have said.
extension SQLSession {
  private func schema(_ row: Row) throws -> SchemaRecord {
    guard let id = SchemaID(try row.text(1)) else { throw row.damaged(1, "is no id of a schema") }
    let kind = try row.text(2)
    guard let content = SchemaRecord.Content(kind: kind, text: try row.blob(3)) else {
      throw row.damaged(2, "has the unknown value \"\(kind)\"")
    }
    return SchemaRecord(registry: try row.text(0), id: id, content: content)
  }

  func schemas(registry: String, ids: [SchemaID]) throws -> [SchemaRecord] {
    let sql = "SELECT registry, id, kind, text FROM schemas WHERE registry = ? AND id = ?"
    return try Set(ids).sorted().compactMap {
      try first("reading schemas", sql, registry, $0.description, as: schema)
    }
  }

  func newestSchemas(registry: String, limit: Int) throws -> [SchemaRecord] {
    // Numbers by their size, and GUIDs, which are longer, before them.
    let sql =
      "SELECT registry, id, kind, text FROM schemas WHERE registry = ? ORDER BY length(id) DESC, id DESC LIMIT ?"
    return try rows("reading schemas", sql, registry, max(0, limit), as: schema)
  }

  func add(schemas: [SchemaRecord]) throws {
    let sql = "INSERT INTO schemas (registry, id, kind, text) VALUES (?, ?, ?, ?) ON CONFLICT (registry, id) DO NOTHING"
    // In one order, so that instances which store the same ones wait for each other and not in a circle.
    for record in schemas.sorted(by: { $0.id < $1.id }) {
      let (kind, text) = record.content.stored
      try run("storing schemas", sql, record.registry, record.id.description, kind, text)
    }
  }
}
