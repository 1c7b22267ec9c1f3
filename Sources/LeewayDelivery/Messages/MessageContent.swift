/// What a message says to people: made once of a stored notification, laid out by each format.
///
/// Texts are on one line and bounded; a format escapes them for its own syntax.
struct MessageContent {
  /// As `Incident opened: fraud`.
  let title: String
  /// What happened to which subject, how large and since when, in one sentence: the title, the tier and the worst subject.
  let summary: String
  /// Where, how severe, compared with what, since when; at most 12.
  let facts: [Fact]
  /// What heads `subjects`: `What fired`, `What is new` or `Still at info`.
  let subjectsTitle: String
  /// The three subjects that matter most, the worst first, each with how it moved, against which limit and how sure that is.
  let subjects: [String]
  /// Subjects that are not among them.
  let otherSubjects: Int
  /// Name of the first of them.
  let worstSubject: String?
  /// How a new model compares with the scorecard, a line each; without a scorecard its metrics.
  let evaluation: [String]
  /// What has been done about it already.
  let done: [String]
  /// What the reader can do now; empty where nothing is to be done.
  let advice: String
  /// The incident's page; an http or https address.
  let link: String?

  struct Fact: Equatable {
    let name: String
    let value: String
  }

  static let shownSubjects = 3
  private static let sentenceLimit = 400

  init(_ stored: StoredNotification) {
    title = "\(stored.action): \(stored.monitor.onOneLine(limit: 63))"
    let all = Self.subjects(stored)
    worstSubject = all.first.flatMap { $0.name.isEmpty ? nil : $0.name.onOneLine(limit: 200) }
    subjects = all.prefix(Self.shownSubjects).map { $0.sentence.onOneLine(limit: Self.sentenceLimit) }
    otherSubjects = all.count - subjects.count
    // Nothing fires at a tier that would hold it.
    let isQuiet = ["incident.resolved", "incident.flapping"].contains(stored.event)
    subjectsTitle =
      stored.spread?.isEmpty == false
      ? "What is new" : isQuiet ? "Still at info" : "What fired"
    let others = otherSubjects + max(0, subjects.count - 1)
    let worst = isQuiet ? nil : subjects.first
    summary =
      "\(title) (\(stored.tier.onOneLine(limit: 20)))"
      + (worst.map { ": \($0)" + (others > 0 ? " and \(others) more" : "") } ?? "")
    facts = Self.facts(stored)
    done = Self.done(stored)
    evaluation = stored.evaluation.map(Self.lines) ?? []
    advice = stored.adviceToReader.onOneLine(limit: Self.sentenceLimit)
    link = stored.url.flatMap { URLOrigin($0) == nil ? nil : $0 }
  }

  /// `What fired:` and its list, `Evaluation:`, `Done so far:`, `What to do:`, each only where there is something to say.
  var paragraphs: [(title: String, lines: [String])] {
    var out: [(String, [String])] = []
    let more = otherSubjects > 0 ? ["and \(otherSubjects) more"] : []
    if !subjects.isEmpty { out.append((subjectsTitle, subjects + more)) }
    if !evaluation.isEmpty { out.append(("Evaluation", evaluation)) }
    if !done.isEmpty { out.append(("Done so far", done)) }
    if !advice.isEmpty { out.append(("What to do", [advice])) }
    return out
  }

  /// Each subject of the evidence with its sentence, those first that are furthest beyond their limits in the highest tier.
  private static func subjects(_ stored: StoredNotification) -> [(name: String, sentence: String)] {
    if let spread = stored.spread, !spread.isEmpty {
      return spread.map { ($0.subject ?? "", $0.sentence(stored.evidence ?? [])) }
    }
    var seen: Set<String> = []
    return (stored.evidence ?? []).enumerated().sorted { a, b in
      let (x, y) = (a.element, b.element)
      if x.rank != y.rank { return x.rank > y.rank }
      if x.excess != y.excess { return x.excess > y.excess }
      return a.offset < b.offset
    }.filter { seen.insert($0.element.subject ?? "").inserted }
      .map { ($0.element.subject ?? "", $0.element.sentence(limit: 60)) }
  }

  private static func facts(_ stored: StoredNotification) -> [Fact] {
    var facts: [Fact] = []
    func add(_ name: String, _ value: String?) {
      if let value, !value.isEmpty { facts.append(Fact(name: name, value: value.onOneLine(limit: 200))) }
    }
    add("Monitor", stored.monitor)
    add("Tier", stored.tier)
    add("Cause", stored.reason)
    add("Model version", stored.modelVersion)
    add("New version", stored.evaluation?.modelVersion)
    add("Approved by", stored.approvedBy?.joined(separator: ", "))
    if let start = stored.window?.start, let end = stored.window?.end { add("Window", "\(start) to \(end)") }
    add("Compared with", stored.baseline.map { "training data, baseline \($0.prefix(19))" })
    add("Since", stored.openedAt)
    add("Deadline", stored.deadline)
    add("Receiver", stored.receiver)
    add("Message", stored.message)
    add("Why", stored.because)
    add("By", stored.by)
    add("Note", stored.note)
    add("Incident", stored.incident)
    return facts
  }

  private static let shownLines = 12

  private static func lines(_ evaluation: StoredNotification.Evaluation) -> [String] {
    func text(_ value: Double?) -> String { value.map { String(format: "%.4g", $0) } ?? "not reported" }
    let lines: [String]
    if let scorecard = evaluation.scorecard, !scorecard.isEmpty {
      lines = scorecard.map { line in
        let needed = [line.atLeast.map { "at least \(text($0))" }, line.atMost.map { "at most \(text($0))" }]
          .compactMap { $0 }.joined(separator: " and ")
        let beside = line.champion.map { " (champion \(text($0)))" } ?? ""
        return "\(line.metric ?? "") \(text(line.value))\(needed.isEmpty ? "" : ", \(needed)")\(beside): "
          + (line.passes == true ? "passes" : "fails")
      }
    } else {
      lines = (evaluation.metrics ?? [:]).sorted { $0.key < $1.key }.map { "\($0.key) \(text($0.value))" }
    }
    let more = lines.count - shownLines
    return lines.prefix(shownLines).map { $0.onOneLine(limit: 200) } + (more > 0 ? ["and \(more) more"] : [])
  }

  private static func done(_ stored: StoredNotification) -> [String] {
    var done: [String] = []
    if let held = stored.held { done.append(held) }
    if let retrain = stored.retrain {
      switch stored.event {
      case "incident.failed": done.append("retrain \(retrain) failed")
      case "incident.verifying":
        done.append("retrain \(retrain) succeeded")
        if let by = stored.by { done.append("\(by) has approved of its model") }
      case "incident.candidate": done.append("retrain \(retrain) succeeded, and its model passes the scorecard")
      case "incident.overdue": done.append("retrain \(retrain) has led to no corrective action before its deadline")
      default: done.append("retrain \(retrain) was asked for")
      }
    }
    if let since = stored.heldSince { done.append("it had been held since \(since)") }
    if let early = stored.early { done.append("early incident \(early) told of it before") }
    done += (stored.heldBack ?? []).suffix(shownLines).map(\.sentence)
    return done.map { $0.onOneLine(limit: sentenceLimit) }
  }
}

extension StoredNotification.HeldBack {
  /// `held back at 2026-03-01T02:00:00.000Z: incident escalated (critical)`
  fileprivate var sentence: String {
    let what = StoredNotification.action(event ?? "", isOfPerson: by != nil)
    let first = what.prefix(1).lowercased() + what.dropFirst()
    let reasons = [because, held, note].compactMap { $0 }.joined(separator: "; ")
    return "held back at \(at ?? "?"): \(first) (\(tier ?? "?"))" + (by.map { " by \($0)" } ?? "")
      + (reasons.isEmpty ? "" : ": \(reasons)")
  }
}

extension StoredNotification {
  /// What happened, as the beginning of a title.
  var action: String { Self.action(event, isOfPerson: by != nil) }

  static func action(_ event: String, isOfPerson: Bool) -> String {
    switch event {
    case "incident.opened": "Incident opened"
    case "incident.escalated": "Incident escalated"
    case "incident.resolved": "Incident resolved"
    case "incident.reopened": "Incident reopened"
    case "incident.acknowledged": "Incident acknowledged"
    case "incident.accepted": "New normal accepted"
    case "incident.spread": "Incident has spread"
    case "incident.flapping": "Incident is flapping"
    case "incident.reminder": "Incident still open"
    case "incident.retrain_held": "Retrain held"
    case "incident.retraining": "Retrain let go"
    case "incident.failed": isOfPerson ? "New model rejected" : "Retrain failed"
    case "incident.candidate": "New model waits for approval"
    case "incident.verifying": "New model approved"
    case "model.promote": "Put a model in force"
    case "model.fall_back": "Fall back"
    case "model.restore": "Return from the fallback"
    case "incident.overdue": "Corrective action overdue"
    case "incident.withdrawn": "Early incident withdrawn"
    case "retrain.requested": "Retrain requested"
    case "delivery.failed": "Message not delivered"
    default: event.onOneLine(limit: 60)
    }
  }

  /// What the reader can do: what the message itself advises, else what its event and its cause call for.
  fileprivate var adviceToReader: String {
    switch event {
    case "incident.resolved", "incident.accepted", "incident.verifying", "incident.confirmed": return ""
    case "incident.candidate":
      return "Look at the evaluation, then approve or reject the model"
        + (retrain.map { ": on the incident's page, or leeway retrains approve \($0)" } ?? "") + "."
    case "incident.overdue":
      return
        "Act by hand: go back to the previous version, or train by other means; no answer in time can come any more."
    case "incident.flapping":
      return
        "Find what makes it come and go, or set clear: or clear_for: in its checks; it ends by itself when it is quiet."
    case "model.promote": return "Put model version \(modelVersion ?? "named by the trainer") in force."
    case "model.fall_back": return "Go back to the previous version, or to rules, until the incident ends."
    case "model.restore": return "Nothing is critical any more: the model can answer again."
    case "incident.withdrawn": return "Nothing: later labels do not bear it out."
    case "incident.retraining":
      return "Nothing for now: the trainer's answer is awaited" + (deadline.map { " until \($0)" } ?? "") + "."
    case "incident.retrain_held": return "Resolve what holds the retrain; it is asked for after that."
    case "incident.failed":
      return "Read the reason, then retrain by hand or go back to the previous version: this incident asks for no other"
        + " retrain."
    case "delivery.failed":
      return "Correct the receiver, then send the message again (docs/incidents.md, Receivers)."
    default: break
    }
    if let advice { return advice }
    switch reason {
    case "data": return "Look at the feed of these fields; the model reads values that it was not trained on."
    case "drift": return "Find out whether the change is real and lasts; retrain if it does."
    case "concept", "performance/final": return "Retrain, or go back to the previous version."
    case "performance/early": return "Look at the newest labels; the final verdict is still to come."
    default: return ""
    }
  }
}

extension StoredNotification.Evidence {
  fileprivate var rank: Int { ["info", "warning", "critical"].firstIndex(of: tier ?? "").map { $0 + 1 } ?? 0 }

  /// How far beyond its limit the value is, as a ratio of 1 or more in either direction; 0 where there is none.
  fileprivate var excess: Double {
    guard let value, let threshold, value != 0, threshold != 0, (value < 0) == (threshold < 0) else { return 0 }
    let ratio = (value / threshold).magnitude
    return ratio.isFinite ? max(ratio, 1 / ratio) : 0
  }
}
