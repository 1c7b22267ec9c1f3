import LeewayConfiguration
import LeewayCore

/// The ids of a sample: predictions with the id and version of an earlier one are duplicates, labels with one correct it.
struct SampledIDs {
  private let isOfLabels: Bool
  private var seen: Set<[[UInt8]]> = []
  /// Rows with an id, and without one.
  private var (rows, without) = (0, 0)
  private var repeated = 0
  private var first: [[UInt8]] = []
  private var hasOthers = false

  init(isOfLabels: Bool) { self.isOfLabels = isOfLabels }

  /// Takes the ids of one row.
  ///
  /// - Parameters:
  ///   - id: the texts of its parts; a row without one of them has no id.
  ///   - version: tells pairs of the same id apart; nil for labels.
  mutating func count(_ id: [[UInt8]?], version: [UInt8]?) {
    let parts = id.compactMap { $0 }
    guard parts.count == id.count, !parts.isEmpty else {
      without += 1
      return
    }
    if rows == 0 { first = parts } else if parts != first { hasOthers = true }
    rows += 1
    if !seen.insert(parts + [version ?? []]).inserted { repeated += 1 }
  }

  /// How many have no id where others have one, and how many come again.
  var remarks: [String] { [lackRemark, repeatRemark].compactMap { $0 } }

  private var lackRemark: String? {
    guard without > 0, rows > 0 else { return nil }
    let share = "\(Thousands.text(Int64(without))) of \(Thousands.text(Int64(rows + without)))"
    return isOfLabels
      ? "\(share) labels have no id and are rejected: no_id"
      : "\(share) predictions have no id: they are counted in drift, and no label can join them"
  }

  private var repeatRemark: String? {
    guard repeated > 0 else { return nil }
    let share = "\(Thousands.text(Int64(repeated))) of \(Thousands.text(Int64(rows)))"
    return isOfLabels
      ? "\(share) labels have the id of an earlier one: the newest label of an id counts"
      : "\(share) predictions have the id and version of an earlier one: they are duplicates, and performance counts an id once"
  }

  /// Why nothing can be joined by such ids; nil where it can.
  var problem: String? {
    guard rows > 1, !hasOthers else { return nil }
    let id = first.map { String(decoding: $0.prefix(40), as: UTF8.self) }.joined(separator: ", ")
    let what = isOfLabels ? "labels" : "predictions"
    return
      "all \(Thousands.text(Int64(rows))) \(what) have the same id, \(id); name the field that differs between predictions in \(what).fields.id"
  }
}
