import LeewayConfiguration
package import LeewayCore
import LeewaySource

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
  /// - Throws: `FileError` if the file cannot be read.
  package init(_ file: String, of monitor: Monitor, as stream: Stream) throws {
    var fields: [SampledField]
    switch (stream, monitor.labels) {
    case (.labels, let labels?): fields = SampledField.labels(of: labels, monitor.task)
    default: fields = SampledField.predictions(of: monitor)
    }
    let plan = ExtractionPlan(
      fields: fields.map(\.path), rows: stream == .labels ? monitor.labels?.rows : monitor.predictions.rows)
    let extractor = JSONExtractor(plan, limits: DecodeLimits())
    let lines = LineReader(try ByteStream(path: file))
    var paths = MessagePaths()
    var (messages, rows, refused, firstRefusal) = (0, 0, 0, "")
    while messages < Self.maximumMessages, let line = try lines.next() {
      guard case .text(let bytes, let number) = line else { continue }
      if bytes.allSatisfy({ $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }) { continue }
      messages += 1
      do throws(DecodeFailure) {
        try extractor.forEachRow(of: bytes, plan) {
          rows += 1
          for i in fields.indices { fields[i].count(extractor[i]) { extractor.tree(of: extractor[i]) } }
        }
      } catch {
        refused += 1
        if refused == 1 { firstRefusal = "\(file):\(number): \(error.code): \(error.reason)" }
        continue
      }
      if messages - refused <= Self.maximumTrees, let tree = try? JSONValue(parsing: bytes) {
        for row in plan.rows.map(tree.elements(at:)) ?? [tree] { paths.add(row) }
      }
    }
    let read = rows
    let what = stream == .labels ? "labels" : "predictions"
    var out = ["\(file): \(Self.count(read, what))" + (messages == Self.maximumMessages ? ", the first ones" : "")]
    if refused > 0 { out.append("\(Thousands.text(Int64(refused))) refused, the first: \(firstRefusal)") }
    if lines.tooLongLines > 0 { out.append("\(lines.tooLongLines) longer than 1 MiB and skipped") }
    if read > 0 {
      out.append("")
      out += Self.table(fields, read, paths)
      let others = paths.leaves.filter { path in !fields.contains { $0.path.description == path } }
      if !others.isEmpty {
        out += ["", "not named by the monitor: \(ShortList.text(others, atMost: Self.maximumOthers))"]
      }
    }
    text = out.joined(separator: "\n") + "\n"
    problem = Self.problem(file, fields, read, messages)
  }

  private static func problem(_ file: String, _ fields: [SampledField], _ read: Int, _ messages: Int) -> String? {
    guard read > 0 else {
      let reason =
        messages == 0
        ? "the file has none" : "a sample is JSON Lines, one object a line: no CSV, and no array around the objects"
      return "\(file): no message could be read: \(reason)"
    }
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
    guard field.wrong > 0 else { return "" }
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
