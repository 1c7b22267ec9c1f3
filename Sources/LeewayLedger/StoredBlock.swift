import LeewayCore

/// A column of bytes or text that this program has encoded. The databases check their pages and types; whether a block is one
/// of ours is checked here, as far as it can be told from only the bytes.
struct StoredBlock: Sendable {
  let table: String
  let column: String
  /// SQL for what names a row, in words that both databases understand.
  let key: String
  /// What is wrong with the content; nil if it decodes.
  let problem: @Sendable (_ bytes: [UInt8]) -> String?

  /// Blocks that both databases have.
  static let ofBoth = [
    pane("drift_panes"), pane("performance_panes"), pane("early_performance_panes"),
    StoredBlock(table: "machines", column: "state", key: "monitor || '/' || cause_group") { bytes in
      do {
        _ = try IncidentMachine(encoded: bytes)
        return nil
      } catch { return "\(error)" }
    },
    StoredBlock(
      table: "shift_states", column: "state", key: "monitor || '/' || hash || '/' || slice",
      problem: ShiftRecord.problem),
  ]

  /// JSON that decisions, deliveries and calls to retrain are read from, in both databases.
  static let documents =
    [json("decision_log", "body", "monitor || '/' || cause_group || '/' || number"), json("outbox", "body", "key")]
    + ["checks", "subjects", "slices", "evidence", "worst", "retrain", "twin", "people"].map {
      json("incidents", $0, "id")
    }
    + [
      json("retrains", "answer", "id", canBeEmpty: true), json("retrains", "decisions", "id"),
      json("outside_inputs", "detail", "monitor || '/' || id"),
    ]
    + [json("acts", "body", "monitor || '/' || number"), json("audit", "detail", "name || '/' || number")]
    + [json("silences", "matchers", "number")]

  private static func json(_ table: String, _ column: String, _ key: String, canBeEmpty: Bool = false) -> StoredBlock {
    StoredBlock(table: table, column: column, key: key) { bytes in
      canBeEmpty && bytes.isEmpty ? nil : lines.problem(bytes)
    }
  }

  /// Result lines as they came, or as they were unpacked; the column is where they are told of.
  static let lines = StoredBlock(
    table: "results", column: "line", key: "end_time || '/' || series || '/' || sequence"
  ) { bytes in
    do {
      _ = try JSONValue(parsing: bytes)
      return nil
    } catch { return "\(error)" }
  }

  /// - Parameters:
  ///   - plain: the stored text; empty where it is packed.
  ///   - packed: nil where it is not.
  ///   - unpack: nil for what does not unpack.
  /// - Returns: what is wrong with a line; nil if it can be read.
  static func lineProblem(
    plain: String, packed: [UInt8]?, unpack: ([UInt8]) throws -> String?
  ) rethrows -> String? {
    guard let packed else { return lines.problem(Array(plain.utf8)) }
    guard let line = try unpack(packed) else { return "it does not unpack" }
    return lines.problem(Array(line.utf8))
  }

  private static func pane(_ table: String) -> StoredBlock {
    StoredBlock(
      table: table, column: "block", key: "scope || '/' || pane || '/' || slice || '/' || writer",
      problem: { CellBlock.damage(in: $0) })
  }

  @Sendable static func joinProblem(_ state: [UInt8]) -> String? {
    do {
      _ = try JoinState(encoded: state)
      return nil
    } catch { return "\(error)" }
  }

  func sentence(_ row: String, _ problem: String) -> String { "table \(table), row \(row): \(column): \(problem)" }
}
