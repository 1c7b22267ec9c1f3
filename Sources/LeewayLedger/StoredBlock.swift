import LeewayCore

/// A column of bytes or text that this program has encoded. The databases check their pages and types; whether a block is one
/// of ours is checked here, as far as it can be told from the bytes alone.
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
  ]

  /// Texts that both databases have.
  static let textsOfBoth = [
    StoredBlock(table: "results", column: "line", key: "end_time || '/' || series || '/' || sequence") { bytes in
      do {
        _ = try JSONValue(parsing: bytes)
        return nil
      } catch { return "\(error)" }
    }
  ]

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
