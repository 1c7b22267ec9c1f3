import LeewayCore
import LeewayTestSupport

@testable import LeewayService
@testable import LeewayWeb

extension MadeUpService {
  static let hostileSlices = HostileNames.all.map { "channel=" + $0 }

  /// As `filled`, with hostile names wherever names come from events: slices, subjects, categories, evidence, errors.
  static func withHostileNames() throws -> MadeUpService {
    let service = try filled()
    let hour = fraud.windows[0]
    try service.ledger.write { writer in
      for slice in hostileSlices {
        for step in 0..<12 {
          let end = noon - hour.every * Int64(step)
          let lines = (subjects + HostileNames.all).map { drift(hour, end: end, slice: slice, subject: $0) }
          try writer.put(results: lines + [performance(hour, end: end, slice: slice)])
        }
      }
      try writer.put(
        incident: IncidentRecord(
          id: "fraud-5e5e5e", monitor: "fraud", group: .drift, state: .open, tier: .critical,
          openedAt: noon - .minutes(5),
          changedAt: noon, checks: ["input-drift"], subjects: HostileNames.all, evidence: evidence()))
      try writer.quarantine(
        [
          QuarantineRecord(
            monitor: "fraud", topic: "serving.fraud.predictions", partition: 0, offset: 119_901, code: "not_json",
            reason: "is not JSON", sample: Array(HostileNames.markup.utf8))
        ], keep: 100)
    }
    return service
  }

  private static func evidence() -> String {
    var json = JSONWriter()
    json.beginArray()
    for name in HostileNames.all {
      json.beginObject()
      json.member("check", "input-drift")
      json.member("subject", name)
      json.member("slice", "channel=" + name)
      json.member("metric", "psi")
      json.member("value", 0.5)
      json.member("threshold", 0.3)
      json.member("window", "1h")
      json.member("end", noon)
      json.member("rows", 1200)
      json.member("tier", "critical")
      json.member("worst_slice", "channel=" + name)
      json.member("worst_value", 0.7)
      json.endObject()
    }
    json.endArray()
    return json.text
  }
}
