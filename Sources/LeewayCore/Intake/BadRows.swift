/// The rows of one message that are not counted, by what is wrong with them, in the order in which each fault first came.
struct BadRows {
  struct Group {
    var rejection: MessageRejection
    var isQuarantined: Bool
    /// How many.
    var rows = 0
    /// The first of them, from 0.
    var indices: [Int] = []
  }

  /// Whose reasons are given; others are counted under the last.
  private static let maximumGroups = 8
  private static let maximumIndices = 20

  private(set) var groups: [Group] = []

  mutating func add(_ rejection: MessageRejection, _ row: Int, quarantined: Bool = false) {
    var place = groups.firstIndex {
      $0.rejection.code == rejection.code && $0.rejection.reason == rejection.reason && $0.isQuarantined == quarantined
    }
    // Reasons may show values of the message; of those beyond the first the code is enough.
    if place == nil, groups.count >= Self.maximumGroups {
      place = groups.firstIndex { $0.rejection.code == rejection.code && $0.isQuarantined == quarantined }
    }
    if place == nil {
      groups.append(Group(rejection: rejection, isQuarantined: quarantined))
      place = groups.count - 1
    }
    guard let place else { return }
    groups[place].rows += 1
    if groups[place].indices.count < Self.maximumIndices { groups[place].indices.append(row) }
  }

  /// What is said of the message; nil if all its rows are good.
  func rejection(of count: Int) -> MessageRejection? {
    guard let first = groups.first else { return nil }
    let bad = groups.reduce(0) { $0 + $1.rows }
    let parts = groups.map { group in
      let more = group.rows > group.indices.count ? " and \(group.rows - group.indices.count) more" : ""
      let indices = group.indices.map { "\($0)" }.joined(separator: ", ")
      // The first one's code is the message's.
      let code = group.rejection.code == first.rejection.code ? "" : "\(group.rejection.code): "
      return "\(group.rows == 1 ? "row" : "rows") \(indices)\(more): \(code)\(group.rejection.reason)"
    }
    return MessageRejection(
      code: first.rejection.code,
      reason: "\(bad) of \(count) rows are not counted: \(parts.joined(separator: "; "))")
  }
}
