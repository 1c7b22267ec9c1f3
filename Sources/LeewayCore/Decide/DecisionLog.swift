/// The log of one monitor's decisions, and what is a fold over it.
package enum DecisionLog {
  /// What a log leads to.
  package struct Outcome: Sendable {
    package var machine: IncidentMachine
    package var transitions: [IncidentTransition]
  }

  /// Folds one group's log from its beginning.
  ///
  /// - Throws: `JSONFailure` if an entry cannot be read; `Gap` if one is missing, as after reclaiming.
  package static func fold(_ records: [DecisionRecord], monitor: String, group: CauseGroup) throws -> Outcome {
    var out = Outcome(machine: IncidentMachine(), transitions: [])
    for record in records {
      guard record.number == out.machine.number + 1 else {
        throw Gap(expected: out.machine.number + 1, found: record.number)
      }
      let input = try DecisionInput(at: record.at, kind: record.kind, body: record.body)
      out.transitions += out.machine.fold(input, monitor: monitor, group: group).map(\.transition)
    }
    return out
  }

  /// Entries are missing.
  package struct Gap: Error, Equatable, CustomStringConvertible {
    package var expected: Int64
    package var found: Int64

    package var description: String { "the log goes on with entry \(found) where \(expected) is next" }
  }
}

extension LedgerReader {
  /// What came from outside into the logs of a monitor, by group and number, each with the final verdicts before it.
  package func outsideDecisions(
    monitor: String, after: (group: CauseGroup, number: Int64)?, limit: Int
  ) throws -> [DecisionRecord] {
    var found = try decisions(monitor: monitor, group: nil, outside: true, after: after, limit: limit)
    guard found.contains(where: { $0.group == .performanceEarly }) else { return found }
    let finals = try finalVerdicts(monitor: monitor)
    for place in found.indices where found[place].group == .performanceEarly {
      found[place].finalVerdicts = Int64(finals.count { $0 < found[place].number })
    }
    return found
  }
}

/// A line of `/api/v1/inputs`, which `leeway replay --inputs` reads.
extension DecisionRecord {
  package var line: String {
    var w = JSONWriter()
    w.beginObject()
    for (key, text) in [("monitor", monitor), ("group", group.rawValue)] {
      w.key(key)
      w.string(text)
    }
    w.key("number")
    w.number(place)
    w.key("kind")
    w.string(kind)
    w.key("at")
    w.time(at)
    w.key("wall")
    if let wall { w.time(wall) } else { w.null() }
    w.key("input")
    w.raw(body.utf8)
    w.endObject()
    return w.text
  }

  /// - Throws: `JSONFailure` naming the member that is wrong, or that comes twice: decisions rest on the line.
  package init(line: some Sequence<UInt8>) throws(JSONFailure) {
    let r = JSONReader(try JSONValue(parsing: Array(line), refusingDuplicates: true))
    func time(_ name: String) throws(JSONFailure) -> EventTime? {
      let member = try r.member(name)
      guard var text = try member.text() else { return nil }
      guard let time = text.withUTF8({ EventTime(rfc3339: UnsafeRawBufferPointer($0)) }) else {
        throw member.failure("expected a time such as 2026-03-01T00:00:00Z, found \"\(text.prefix(40))\"")
      }
      return time
    }
    let name = try r.member("group")
    guard let group = CauseGroup(rawValue: try name.string()) else {
      throw name.failure("expected one of \(CauseGroup.allCases.map(\.rawValue).joined(separator: ", "))")
    }
    let number = try r.member("number")
    guard try number.integer() > 0 else { throw number.failure("numbers begin at 1") }
    guard let at = try time("at") else { throw try r.member("at").failure("is missing") }
    let kind = try r.member("kind")
    guard DecisionInput.outsideKinds.contains(try kind.string()) else {
      throw kind.failure("expected one of \(DecisionInput.outsideKinds.sorted().joined(separator: ", "))")
    }
    self.init(
      monitor: try r.member("monitor").string(), group: group, number: try number.integer(), kind: try kind.string(),
      at: at, wall: try time("wall"), body: CanonicalJSON.text(of: try r.member("input").value ?? .null))
    _ = try DecisionInput(at: at, kind: self.kind, body: body)
  }
}
