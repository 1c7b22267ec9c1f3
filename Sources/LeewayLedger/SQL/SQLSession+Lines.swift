import LeewayCore

/// A series that may have lines as they came.
private struct PlainSeries {
  var id: Int64
  var type: ResultType
  var from: EventTime
}

/// Result lines as they are stored: packed where there is a dictionary of their kind, else as they came.
extension SQLSession {
  /// - Parameters:
  ///   - plain: the column of `line`.
  ///   - packed: the column of `packed`.
  func line(_ row: Row, plain: CInt, packed: CInt) throws -> String {
    guard !row.isNull(packed) else { return try row.text(plain) }
    guard let line = try unpacked(row.blob(packed)) else { throw row.damaged(packed, "does not unpack") }
    return line
  }

  /// nil for what is damaged, or whose dictionary is not there.
  func unpacked(_ packed: [UInt8]) throws -> String? { try lines.line(packed, load: dictionaryBody) }

  func dictionary(for result: ResultRecord) throws -> LineDictionary? {
    try dictionary(
      SessionLines.Kind(monitor: result.monitor, generation: result.generation, type: result.type), result.monitor,
      result.generation)
  }

  private func dictionary(_ kind: SessionLines.Kind, _ monitor: String, _ generation: String) throws -> LineDictionary?
  {
    try lines.newest(
      kind,
      find: {
        try first(
          "reading a dictionary",
          """
          SELECT id FROM result_dictionaries WHERE monitor = ? AND generation = ? AND type = ? ORDER BY id DESC LIMIT 1
          """, monitor, generation, kind.type.rawValue
        ) { try $0.integer(0) }
      }, load: dictionaryBody)
  }

  private func dictionaryBody(_ id: Int64) throws -> [UInt8]? {
    try first("reading a dictionary", "SELECT body FROM result_dictionaries WHERE id = ?", id) { try $0.blob(0) }
  }

  func packResults(monitor: String, generation: String, limit: Int) throws -> Int {
    let plain = try rows(
      "packing results",
      """
      SELECT id, type, plain_from FROM result_series WHERE monitor = ? AND generation = ? AND plain_from IS NOT NULL
      ORDER BY id
      """, monitor, generation
    ) { PlainSeries(id: try $0.integer(0), type: try $0.named(1), from: try $0.time(2)) }
    var left = max(0, limit)
    for type in ResultType.allCases {
      let plain = plain.filter { $0.type == type }
      let kind = SessionLines.Kind(monitor: monitor, generation: generation, type: type)
      guard !plain.isEmpty, left > 0,
        let dictionary = try dictionary(kind, monitor, generation) ?? learn(kind, monitor, generation, from: plain)
      else { continue }
      for series in plain where left > 0 { left -= try pack(series, dictionary, limit: left) }
    }
    return max(0, limit) - left
  }

  /// Stores a dictionary of lines of these series; nil where there are too few.
  private func learn(
    _ kind: SessionLines.Kind, _ monitor: String, _ generation: String, from plain: [PlainSeries]
  ) throws -> LineDictionary? {
    let doing: StaticString = "making a dictionary"
    var samples: [String] = []
    let each = max(1, LineDictionary.mostLines / plain.count)
    for series in plain where samples.count < LineDictionary.mostLines {
      samples += try rows(
        doing,
        "SELECT line FROM results WHERE series = ? AND end_time >= ? AND packed IS NULL ORDER BY end_time LIMIT ?",
        series.id, series.from, each
      ) { try $0.text(0) }
    }
    guard samples.count >= LineDictionary.fewestLines else { return nil }
    let body = LineDictionary.body(from: samples)
    let id = try first(
      doing, "INSERT INTO result_dictionaries (monitor, generation, type, body) VALUES (?, ?, ?, ?) RETURNING id",
      monitor, generation, kind.type.rawValue, body
    ) { try $0.integer(0) }
    guard let id else { throw damaged(doing, "a dictionary has no number") }
    return lines.made(kind, id: id, body: body)
  }

  /// Packs lines of one series, the oldest first; returns how many.
  private func pack(_ series: PlainSeries, _ dictionary: LineDictionary, limit: Int) throws -> Int {
    let doing: StaticString = "packing results"
    let found = try rows(
      doing,
      """
      SELECT end_time, sequence, line FROM results WHERE series = ? AND end_time >= ? AND packed IS NULL
      ORDER BY end_time LIMIT ?\(forUpdate)
      """, series.id, series.from, limit
    ) { row -> (end: EventTime, sequence: Int64, line: [UInt8]) in
      guard let packed = lines.packed(try row.text(2), with: dictionary) else {
        throw refused(doing, "a line cannot be packed, memory is short")
      }
      return (try row.time(0), try row.integer(1), packed)
    }
    if !found.isEmpty { try store(packed: found, series: series.id) }
    let rest = found.count < limit ? nil : found.last?.end
    try run(doing, "UPDATE result_series SET plain_from = ? WHERE id = ?", rest, series.id)
    return found.count
  }
}
