/// One message in place of those that waited for one receiver about one incident while it was silenced.
///
/// Whoever has never heard of the incident hears that it has opened, with all that fires now. Whoever has hears of its end, else that it has
/// reopened, else that it is worse, else what it came to last. Each says what was held back.
struct SilencedStory {
  /// Those that wait, in their order; never empty.
  let waiting: [OutboxRecord]
  /// Those that were silenced before.
  let earlier: [OutboxRecord]
  let isTold: Bool
  /// nil: it has been reclaimed.
  let record: IncidentRecord?
  /// nil: the incident has ended, as far as the receiver is concerned.
  let machine: IncidentMachine?
  let context: DecisionContext
  /// What held them and has ended.
  let ended: String?

  /// Named in one message; the newest of more.
  static let mostNamed = 20

  /// The row that carries it, and its body.
  func message(in reader: any LedgerReader) throws -> (row: OutboxRecord, body: String) {
    let last = waiting[waiting.count - 1]
    guard let machine, let incident = machine.incident, let record else {
      let end = waiting.last { $0.message.hasSuffix("-resolved") } ?? last
      return (end, try completed(end, without: end))
    }
    let kind: IncidentTransition.Kind
    var spread: Notification.Spread?
    if !isTold {
      kind = .opened
    } else if waiting.contains(where: { $0.message.hasSuffix("-reopened") }) {
      kind = .reopened
    } else if waiting.contains(where: { $0.message.hasSuffix("-escalated") }) {
      kind = .escalated
    } else if let other = waiting.last(where: { !$0.message.hasSuffix("-spread") }) {
      return (last, try completed(other, without: other))
    } else {
      kind = .spread
      spread = news(machine, incident)
    }
    var step = machine.transition(
      kind, incident, machine.through, IncidentMachine.Name(monitor: record.monitor, group: record.group),
      of: machine.present.keys)
    step.because = ended.map { "\($0) has ended" }
    step.held = incident.hold.flatMap { $0.released == nil ? $0.reason : nil }
    step.retrain = incident.retrain?.id
    if let spread { step.tier = spread.tiers.values.max() ?? step.tier }
    let answer = try incident.retrain.flatMap { $0.state == .requested ? nil : try reader.retrain($0.id)?.answer }
    let body = Notification(
      monitor: record.monitor, baseline: text(last, "baseline") ?? "", context: context, group: record.group,
      machine: machine, incident: incident
    ).incident(
      step, spread: spread, evaluation: answer.flatMap { $0.isEmpty ? nil : $0 }, heldBack: heldBack(without: nil))
    return (last, body)
  }

  /// What the messages about its spread that waited would have told, as far as it fires still.
  private func news(_ machine: IncidentMachine, _ incident: IncidentMachine.Incident) -> Notification.Spread {
    let since = waiting.map(\.sequence).min() ?? 0
    let keys = incident.highest.filter {
      $0.value.sequence >= since && $0.value.tier >= .warning && machine.active[$0.key] != nil
    }
    return Notification.Spread(keys: keys.keys.sorted(), tiers: keys.mapValues(\.tier), judged: [:])
  }

  /// A stored message with why it comes now, and what was held back besides.
  private func completed(_ row: OutboxRecord, without own: OutboxRecord) throws -> String {
    guard case .object(let members) = try JSONValue(parsing: Array(row.body.utf8)) else { return row.body }
    var w = JSONWriter(capacity: row.body.utf8.count + 256)
    w.beginObject()
    let because = machine == nil ? nil : ended.map { "\($0) has ended" }
    for member in members {
      w.key(member.key)
      if member.key == "because", let because, case .string(let reason) = member.value {
        w.string("\(reason); \(because)")
      } else {
        w.raw(CanonicalJSON.bytes(of: member.value))
      }
    }
    if let because, !members.contains(where: { $0.key == "because" }) {
      w.key("because")
      w.string(because)
    }
    Notification.write(heldBack: heldBack(without: own), to: &w)
    w.endObject()
    return w.text
  }

  /// What was not sent, oldest first.
  private func heldBack(without own: OutboxRecord?) -> [Notification.HeldBack] {
    let rows = (isTold ? [] : earlier) + waiting
    return rows.filter { $0.key != own?.key }.sorted { ($0.sequence, $0.key) < ($1.sequence, $1.key) }
      .suffix(Self.mostNamed).compactMap { row in
        guard let event = text(row, "event"), let tier = text(row, "tier"), let at = text(row, "at") else { return nil }
        return Notification.HeldBack(
          event: event, tier: tier, at: at,
          texts: ["because", "held", "retrain", "by", "note"].compactMap { name in
            text(row, name).map { (name, $0) }
          })
      }
  }

  private func text(_ row: OutboxRecord, _ name: String) -> String? {
    (try? JSONValue(parsing: Array(row.body.utf8))).flatMap { try? JSONReader($0).member(name).text() }
  }
}

extension Notification {
  /// A message that a silence has held back, in the one that tells of it afterwards.
  struct HeldBack {
    var event: String
    var tier: String
    /// As written in the message.
    var at: String
    var texts: [(name: String, text: String)]
  }

  static func write(heldBack: [HeldBack], to w: inout JSONWriter) {
    guard !heldBack.isEmpty else { return }
    w.key("held_back")
    w.list(heldBack) { w, message in
      w.beginObject()
      for (name, text) in [("event", message.event), ("tier", message.tier), ("at", message.at)] + message.texts {
        w.key(name)
        w.string(text)
      }
      w.endObject()
    }
  }
}
