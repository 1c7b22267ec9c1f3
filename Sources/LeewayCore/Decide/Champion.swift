/// How the model in force does by the newest labels: what a candidate is measured from where its trainer has not evaluated both
/// on the same rows.
package enum Champion {
  /// How far back a window may have ended for its line to count, from the newest that is final.
  private static let reach = TimeSpan.days(7)
  private static let mostLines = 10_000

  /// The metrics of the newest final performance line over all rows, of the longest window.
  ///
  /// - Returns: by name; empty where no window is final yet.
  package static func metrics(of monitor: String, in reader: any LedgerReader) throws -> [String: Double] {
    guard let generation = try reader.generation(of: monitor)?.generation,
      let progress = try reader.progress(monitor: monitor, generation: generation),
      progress.maturedThrough > .earliestWritable
    else { return [:] }
    let lines = try reader.results(
      ResultQuery(
        monitor: monitor, type: .performance, slice: "all", stage: .final, from: progress.maturedThrough - reach,
        to: progress.maturedThrough + .milliseconds(1), limit: mostLines))
    var best: (size: Int64, end: EventTime, metrics: [String: Double])?
    for record in lines {
      let line = JSONReader(try JSONValue(parsing: Array(record.line.utf8)))
      guard try line.member("final").optional({ (r) throws(JSONFailure) in try r.bool() }) == true,
        best.map({ (record.size, record.end) > ($0.size, $0.end) }) ?? true
      else { continue }
      var metrics: [String: Double] = [:]
      for (name, value) in try line.member("metrics").members() where !value.isNull {
        metrics[name] = try value.double()
      }
      best = (record.size, record.end, metrics)
    }
    return best?.metrics ?? [:]
  }
}
