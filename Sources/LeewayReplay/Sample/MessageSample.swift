import LeewayConfiguration
package import LeewayCore

/// What real messages have in the fields that a monitor names: for `leeway check --sample`.
package struct MessageSample {
  /// Whose messages a file holds.
  package enum Stream { case predictions, labels }

  /// For standard output.
  package let text: String
  /// Why the monitor cannot work with such messages; nil if it can.
  package let problem: String?

  private static let maximumMessages = 100_000
  /// So many have all their fields looked at.
  private static let maximumTrees = 1000
  private static let maximumOthers = 30

  /// Reads the first 100,000 messages of a file of JSON Lines, plain or gzip.
  ///
  /// - Parameter messageBytes: the longest line that counts.
  /// - Throws: `FileError` if the file cannot be read.
  package init(
    _ file: String, of monitor: Monitor, as stream: Stream, messageBytes: Int = DecodeLimits().messageBytes
  ) throws {
    var fields: [SampledField]
    let plan: ExtractionPlan
    switch (stream, monitor.labels) {
    case (.labels, let labels?):
      fields = SampledField.labels(of: labels, monitor.task)
      plan = ExtractionPlan(fields: fields.map(\.path), rows: labels.rows)
    default:
      fields = SampledField.predictions(of: monitor)
      plan = SampledField.plan(fields.map(\.path), of: monitor)
    }
    let idParts = fields.indices.filter { fields[$0].purpose == "id" }
    let version = fields.firstIndex { $0.purpose == "version" }
    // The index of a row is a part of its id, and no field.
    let hasIndex = stream == .labels ? monitor.labels?.hasIndexInID == true : monitor.predictions.hasIndexInID
    var ids = SampledIDs(isOfLabels: stream == .labels)
    let extractor = JSONExtractor(plan, limits: DecodeLimits(messageBytes: messageBytes))
    let readsRecords = stream == .labels ? monitor.labels?.readsRecords == true : monitor.readsRecords
    let lines = try MessageLines(file, ofRecords: readsRecords, messageBytes: messageBytes)
    var paths = MessagePaths()
    var (messages, rows) = (0, 0)
    var (refused, badRows) = (Refusals(), Refusals())
    var isForeign = false
    while messages < Self.maximumMessages, let message = try lines.next() {
      let number = message.offset
      messages += 1
      do throws(DecodeFailure) {
        try extractor.forEachRow(
          of: message, plan, refused: { badRows.add("\(file):\(number): row \($0): \($1.code): \($1.reason)") }
        ) {
          rows += 1
          for i in fields.indices { fields[i].count(extractor[i], in: extractor) }
          guard monitor.labels != nil, !hasIndex else { return }
          ids.count(
            idParts.map { extractor.category(of: extractor[$0]) },
            version: version.flatMap { extractor.category(of: extractor[$0]) })
        }
      } catch {
        refused.add("\(file):\(number): \(error.code): \(error.reason)")
        isForeign = isForeign || ForeignFormat.codes.contains(error.code)
        continue
      }
      if messages - refused.count <= Self.maximumTrees, let bytes = message.value,
        let tree = try? JSONValue(parsing: bytes)
      {
        for row in plan.rows.map(tree.elements(at:)) ?? [tree] { paths.add(row) }
      }
    }
    let read = rows
    let what = stream == .labels ? "labels" : "predictions"
    var out = ["\(file): \(Self.count(read, what))" + (messages == Self.maximumMessages ? ", the first ones" : "")]
    if refused.count > 0 { out.append("\(Thousands.text(Int64(refused.count))) refused, the first: \(refused.first)") }
    if badRows.count > 0 { out.append("\(Self.count(badRows.count, "rows")) refused, the first: \(badRows.first)") }
    let longest = ByteCount.shown(messageBytes)
    if lines.tooLongLines > 0 { out.append("\(lines.tooLongLines) longer than \(longest) and skipped") }
    if read > 0 {
      out.append("")
      out += Self.table(fields, read, paths)
      for remark in ids.remarks { out += ["", remark] }
      let others = paths.leaves.filter { path in !fields.contains { $0.path.description == path } }
      if !others.isEmpty {
        out += ["", "not named by the monitor: \(ShortList.text(others, atMost: Self.maximumOthers))"]
      }
    }
    text = out.joined(separator: "\n") + "\n"
    let none: String? =
      if read > 0 {
        nil
      } else if badRows.count > 0 {
        "no row is one; fix the producer, or rows"
      } else if messages == 0, lines.tooLongLines > 0 {
        "all lines are longer than \(longest); raise --message-bytes, or send smaller messages"
      } else if messages == 0 {
        "the file has none"
      } else if refused.count == 0 {
        "their arrays of rows are empty"
      } else if isForeign {
        "a sample is JSON Lines, whatever the topic has; docs/formats.md says how Avro becomes that"
      } else {
        "a sample is JSON Lines, one object a line: no CSV, and no array around the objects"
      }
    problem =
      none.map { "\(file): no message could be read: \($0)" } ?? Self.problem(file, fields)
      ?? ids.problem.map { "\(file): \($0)" }
  }

  /// What could not be read, and why the first could not.
  private struct Refusals {
    var count = 0
    var first = ""

    mutating func add(_ reason: @autoclosure () -> String) {
      if count == 0 { first = reason() }
      count += 1
    }
  }

  private static func problem(_ file: String, _ fields: [SampledField]) -> String? {
    let lost = fields.filter { $0.isRequired && $0.found == 0 }
    if !lost.isEmpty {
      let names = lost.map { "\($0.path) (\($0.purpose))" }.joined(separator: ", ")
      return "\(file): never found: \(names); fix the paths in the monitor, or the messages"
    }
    let useless = fields.filter { $0.isRequired && $0.wrong == $0.found }
    guard let first = useless.first else { return nil }
    let others =
      useless.count > 1 ? "; the same of \(ShortList.text(useless.dropFirst().map(\.purpose), atMost: 12))" : ""
    return "\(file): no message has a usable \(first.purpose): \(first.problem)\(others)"
  }

  private static func table(_ fields: [SampledField], _ read: Int, _ paths: MessagePaths) -> [String] {
    var rows = [["FIELD", "PATH", "FOUND", "TYPES", "EXAMPLE", "REMARK"]]
    for field in fields {
      let kinds = field.kinds.sorted { $0.value != $1.value ? $0.value > $1.value : $0.key < $1.key }
      let types =
        kinds.count == 1
        ? kinds[0].key
        : kinds.map { "\($0.key) \(Thousands.text(Int64($0.value)))" }.joined(separator: ", ")
      let found = field.found == read ? "all" : field.found == 0 ? "never" : share(field.found, read)
      rows.append(
        [field.purpose, field.path.description, found, types, field.example, remark(field, paths)].map {
          $0.isEmpty ? "-" : $0
        })
    }
    let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
    return rows.map { row in
      let line = row.enumerated().map { i, cell in
        i == row.count - 1 ? (cell == "-" ? "" : cell) : cell + String(repeating: " ", count: widths[i] - cell.count)
      }.joined(separator: "  ")
      return String(line.reversed().drop { $0 == " " }.reversed())
    }
  }

  private static func remark(_ field: SampledField, _ paths: MessagePaths) -> String {
    if field.found == 0 {
      if !field.kinds.isEmpty { return "null in every message that has it" }
      let near = paths.near(field.path)
      return near.isEmpty ? "no field has a name like it" : "Did you mean \(near.joined(separator: " or "))?"
    }
    guard field.wrong > 0 else { return field.finding ?? "" }
    let wrong = field.wrong == field.found ? "none can be used" : "\(share(field.wrong, field.found)) cannot be used"
    return "\(wrong): \(field.problem)"
  }

  private static func share(_ part: Int, _ all: Int) -> String {
    "\(Thousands.text(Int64(part))) of \(Thousands.text(Int64(all)))"
  }

  private static func count(_ count: Int, _ what: String) -> String {
    "\(Thousands.text(Int64(count))) \(count == 1 ? String(what.dropLast()) : what)"
  }
}
