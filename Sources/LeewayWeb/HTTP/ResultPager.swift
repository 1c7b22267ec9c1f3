import LeewayCore

/// Reads result lines page by page, in their fixed order. Each page is a snapshot of its own, so that a slow reader
/// holds no transaction open; what is inserted behind the position is not seen.
struct ResultPager {
  struct Page: Sendable {
    var records: [ResultRecord]
    /// Where the next page begins; nil if there is none.
    var next: ResultPosition?
    /// Lines of windows that end before it may be missing: they are old, and an hour keeps one of each series.
    var thinnedBefore: EventTime?
  }

  let view: ServiceView
  /// `after` moves from page to page; `limit` is ignored.
  var query: ResultQuery
  /// Whether windows that are still open are merged in.
  let includesOpen: Bool

  /// The next `limit` lines. Blocks.
  mutating func page(limit: Int) throws -> Page {
    var query = query
    query.limit = limit + 1
    var records = try stored(query)
    if includesOpen {
      // With a full page, only what ends no later than its last line can belong to it.
      var bounded = query
      if records.count > limit, let last = records.last {
        let end = last.end + .milliseconds(1)
        bounded.to = min(query.to ?? end, end)
      }
      // And nothing that ends before the last page does: the work of all pages is that of each open window once.
      if let after = query.after { bounded.from = max(query.from ?? after.end, after.end) }
      let open = try view.openResults(bounded)
      // A window that closes between the two reads is in neither, so the stored lines are read once more; a line that
      // is then in both counts as stored.
      records = Self.merge(stored: try stored(query), open: open)
    }
    let hasMore = records.count > limit
    let page = Array(records.prefix(limit))
    self.query.after = page.last?.position ?? query.after
    return Page(
      records: page, next: hasMore ? page.last?.position : nil, thinnedBefore: try thinnedBefore(page))
  }

  /// For the monitor that is asked for, else the latest of those that the page has lines of.
  private func thinnedBefore(_ page: [ResultRecord]) throws -> EventTime? {
    let monitors = query.monitor.map { [$0] } ?? Array(Set(page.map(\.monitor)))
    return try view.ledger.read { reader in
      try monitors.compactMap { try reader.thinning(of: $0)?.before }.max()
    }
  }

  private func stored(_ query: ResultQuery) throws -> [ResultRecord] {
    try view.ledger.read { try $0.results(query) }
  }

  /// Both in order; where a position is in both, the stored line.
  static func merge(stored: [ResultRecord], open: [ResultRecord]) -> [ResultRecord] {
    var merged: [ResultRecord] = []
    merged.reserveCapacity(stored.count + open.count)
    var rest = open[...]
    for record in stored {
      let position = record.position
      while let first = rest.first, first.position < position { merged.append(rest.removeFirst()) }
      if rest.first?.position == position { rest.removeFirst() }
      merged.append(record)
    }
    return merged + rest
  }
}
