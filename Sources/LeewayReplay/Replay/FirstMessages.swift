import LeewayCore

/// What the first messages of a file lack: a field that begins later than that is found in the end, and windows from before it have
/// nothing of it.
struct FirstMessages: Sendable {
  /// As many as the service looks at before it warns.
  static let count = 1000

  /// Fields that none of the first 1,000 messages has; empty where there are fewer.
  private(set) var unseen: [WatchedField] = []

  /// - Parameter messageBytes: the longest line that counts.
  /// - Throws: `FileError` if the file cannot be read.
  init(_ file: String, of monitor: Monitor, messageBytes: Int) throws {
    var fields = SampledField.predictions(of: monitor)
    let plan = SampledField.plan(fields.map(\.path), of: monitor)
    let extractor = JSONExtractor(plan, limits: DecodeLimits(messageBytes: messageBytes))
    let lines = try MessageLines(file, ofRecords: monitor.readsRecords, messageBytes: messageBytes)
    var read = 0
    while read < Self.count, let message = try lines.next() {
      try? extractor.forEachRow(of: message, plan) {
        read += 1
        for i in fields.indices { fields[i].count(extractor[i], in: extractor) }
      }
    }
    guard read >= Self.count else { return }
    unseen = fields.filter { $0.found == 0 }.map { WatchedField(purpose: $0.purpose, path: $0.path.description) }
  }
}
