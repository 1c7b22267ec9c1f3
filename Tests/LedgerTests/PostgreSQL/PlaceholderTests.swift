import Testing

@testable import LeewayLedger

struct PlaceholderTests {
  /// As https://sqlite.org/lang_expr.html#varparam numbers them.
  @Test(arguments: [
    ("SELECT 1", "SELECT 1"),
    ("VALUES (?, ?, ?)", "VALUES ($1, $2, $3)"),
    ("a = ?2 AND b = ?1 AND c = ?2", "a = $2 AND b = $1 AND c = $2"),
    ("a = ?3 AND b = ? AND c = ?1 AND d = ?", "a = $3 AND b = $4 AND c = $1 AND d = $5"),
    ("a = ?12 LIMIT ?", "a = $12 LIMIT $13"),
    ("a = '?' AND b = ?", "a = '?' AND b = $1"),
    ("a = 'it''s ?1' AND b = ?", "a = 'it''s ?1' AND b = $1"),
    ("a = $1 AND b = ANY ($2)", "a = $1 AND b = ANY ($2)"),
  ])
  func placeholdersAreNumberedAsInSQLite(_ sql: String, _ expected: String) {
    #expect(PostgreSQLConnection.numbered(sql) == expected)
  }
}
