/// What messages about one incident are about, which is what silences are matched with: everything that fires now in the incident,
/// and what the messages themselves name of it. If the incident has ended: what it was about at its end.
struct FiringKeys {
  /// With the end of the window that said so last.
  private(set) var ends: [IncidentMachine.Key: EventTime] = [:]

  /// - Parameters:
  ///   - messages: bodies.
  ///   - machine: of the incident's group, if it has this incident open.
  ///   - record: of the incident; nil if it has been reclaimed.
  init(_ messages: [String], machine: IncidentMachine?, record: IncidentRecord?) {
    guard let machine, let incident = machine.incident else {
      if let record { ends = Self.keys(Array(record.evidence.utf8)) }
      return
    }
    for message in messages {
      let body = (try? JSONValue(parsing: Array(message.utf8))).map(JSONReader.init)
      let evidence = (try? body?.member("evidence")).map(Self.keys) ?? [:]
      // What rests or is muted is shown in messages, and is not of this incident.
      for (key, end) in evidence where incident.highest[key] != nil { ends[key] = max(end, ends[key] ?? end) }
    }
    for (key, evidence) in machine.present { ends[key] = evidence.end }
  }

  private static func keys(_ list: [UInt8]) -> [IncidentMachine.Key: EventTime] {
    (try? JSONValue(parsing: list)).map { keys(JSONReader($0)) } ?? [:]
  }

  private static func keys(_ list: JSONReader) -> [IncidentMachine.Key: EventTime] {
    var found: [IncidentMachine.Key: EventTime] = [:]
    for item in (try? list.elements()) ?? [] {
      guard let check = try? item.member("check").string(), let slice = try? item.member("slice").string(),
        let subject = try? item.member("subject").string(), let text = try? item.member("end").string(),
        let end = EventTime(rfc3339: text)
      else { continue }
      found[IncidentMachine.Key(check: check, slice: slice, subject: subject)] = end
    }
    return found
  }
}
