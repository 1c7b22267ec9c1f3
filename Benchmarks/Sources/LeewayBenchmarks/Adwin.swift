import LeewayCore
import LeewayStatistics

extension Main {
  /// ADWIN on every numeric subject, value by value, as `peers/river_adwin.py` does it: from the middle on every value is
  /// half as large again, so that there are changes to find. Prints the events at which each subject changed.
  static func adwin(_ arguments: Arguments) throws {
    let traffic = try arguments.traffic()
    let events = traffic.events(try arguments.integer("events", 20_000))
    let features = (0..<traffic.features).filter(traffic.isNumeric)
    let names = features.map(traffic.path) + ["score"]
    let extractor = JSONExtractor(fields: try names.map { try FieldPath($0) })
    var changes: [[Int]] = []
    let measured = try Measurement.of {
      var detectors = names.map { _ in ChangeDetector(.adwin) }
      changes = names.map { _ in [] }
      try events.forEach { index, payload in
        try extractor.extract(payload)
        let scale = index < events.count / 2 ? 1 : 1.5
        for subject in names.indices {
          guard let value = extractor[subject].double else { continue }
          if detectors[subject].update(value * scale) == .change { changes[subject].append(index) }
        }
      }
    }
    var json = JSONWriter()
    json.beginObject()
    json.key("events_per_second")
    json.number((Double(events.count) / measured.seconds).rounded())
    json.key("changes")
    json.beginObject()
    for (name, indices) in zip(names, changes) {
      json.key(name)
      json.beginArray()
      for index in indices { json.number(Int64(index)) }
      json.endArray()
    }
    json.endObject()
    json.endObject()
    print(json.text)
  }
}
