import LeewayConfiguration
package import LeewayCore

/// What a replay read that its user hardly meant.
package struct ReplayFindings {
  /// What is legal and probably a mistake; in the order of importance.
  package private(set) var warnings: [String] = []
  /// Why the results say nothing, with the fix; nil where they do.
  package private(set) var problem: String?

  private let summary: Replay.Summary
  private let monitor: Monitor
  private let messageBytes: Int

  /// A share of late or unjoinable predictions below it is nothing to warn of.
  private static let smallShare = 0.01
  private static let manyRepeats = 0.1

  /// - Parameter messageBytes: the longest line that counted.
  package init(_ summary: Replay.Summary, monitor: Monitor, messageBytes: Int = DecodeLimits().messageBytes) {
    self.summary = summary
    self.messageBytes = messageBytes
    self.monitor = monitor
    for field in summary.unseenFields { warnings.append(field.unseen) }
    for field in summary.lateFields {
      warnings.append(
        "none of the first \(Thousands.text(FirstMessages.count)) predictions has \(field.path), the field of \(field.purpose); later "
          + "ones do")
    }
    warnOfLate()
    warnOfUnjoinable()
    warnOfRepeats()
    warnOfOneClass()
    if summary.joins.implausible > 0 {
      warnings.append(
        "\(Thousands.text(summary.joins.implausible)) labels are more than \(monitor.labelLead) earlier than their prediction and "
          + "count for nothing: check both time_formats and clocks, or set labels.label_before")
    }
    if summary.joins.overLimit > 0 {
      warnings.append(
        "\(Thousands.text(summary.joins.overLimit)) messages are of ids with more than \(JoinState.maximumLabels) different labels "
          + "or \(JoinState.maximumVersions) versions: labels of such an id count for nothing; check that \(ids) tells events apart"
      )
    }
    for one in summary.secondLook?.unusable ?? [] {
      warnings.append(
        "\(one.file):\(one.line): \(one.purpose) is \(one.value), the first that cannot be used: \(one.problem)")
    }
    problem = noPredictions ?? noMatches
    if problem == nil,
      let nothing = summary.verdicts.nothingJudged(monitor, hasLabels: summary.hasLabelFiles)
    {
      warnings.append(nothing)
    }
  }

  private mutating func warnOfLate() {
    let (late, total) = (summary.events.late, summary.events.late + summary.events.accepted)
    guard Self.areManyLate(summary.events) else { return }
    let start = "\(Thousands.text(late)) of \(Thousands.text(total)) predictions late: "
    // One wrong clock makes everything after it late, and no order fixes that.
    if let one = summary.secondLook?.farAhead, one.late > late / 2 {
      warnings.append(
        start
          + "\(one.file):\(one.line) (id \(one.id)) is of \(one.time), \(Self.inDays(one.by)) ahead of the others, and "
          + "\(Thousands.text(one.late)) after it are late because of it. Fix its time, or give --as-of the time of the newest "
          + "that is right, which sets aside what is later")
      return
    }
    warnings.append(start + "sort by \(monitor.predictions.time) or raise lateness (\(monitor.lateness))")
  }

  /// Whether the share of late predictions is worth a warning.
  static func areManyLate(_ events: EventCounts) -> Bool {
    Double(events.late) > Double(events.late + events.accepted) * smallShare
  }

  private mutating func warnOfUnjoinable() {
    let (unjoinable, total) = (summary.events.unjoinable, summary.events.accepted)
    guard Double(unjoinable) > Double(total) * Self.smallShare else { return }
    warnings.append(
      "\(Thousands.text(unjoinable)) of \(Thousands.text(total)) predictions can't be joined with labels: they have no id "
        + "in \(Self.names(monitor.predictions.id)), or no valid \(monitor.outputName) in \(monitor.predictions.output)\(probabilities)"
    )
  }

  /// A producer that writes again after a failure repeats a few; ids that tell nothing apart repeat most.
  private mutating func warnOfRepeats() {
    let (repeats, total) = (summary.joins.duplicates, summary.events.accepted)
    guard Double(repeats) > Double(total) * Self.manyRepeats else { return }
    warnings.append(
      "\(Thousands.text(repeats)) of \(Thousands.text(total)) predictions have the id and version of an earlier one; performance "
        + "counts one of each, drift counts all: check that \(Self.names(monitor.predictions.id)) tells predictions apart"
    )
  }

  private mutating func warnOfOneClass() {
    let (zeros, labels) = (summary.events.zeroLabels, summary.events.labels)
    guard monitor.task == .binary, labels > 0, zeros == labels else { return }
    let all = "all \(Thousands.text(labels)) labels are negative"
    warnings.append(
      monitor.labels?.positive.map { "\(all): none is \($0), which labels.positive means by 1; fix labels.positive" }
        ?? "\(all), so metrics that need both classes have no value")
  }

  private var ids: String {
    let labels = monitor.labels.map { " and \(Self.names($0.id)) of labels" } ?? ""
    return "\(Self.names(monitor.predictions.id)) of predictions\(labels)"
  }

  private var probabilities: String {
    guard let field = monitor.predictions.probabilities else { return "" }
    let array = monitor.predictions.classes.map { " or an array of \($0.count)" } ?? ""
    return ", or probabilities in \(field) that are no object of classes\(array) with numbers from 0 to 1 that sum to 1"
  }

  private var noPredictions: String? {
    let e = summary.events
    guard e.accepted == 0 else { return nil }
    let refused = e.rejected.merging(e.rejectedLabels) { $0 - $1 }.filter { $0.value > 0 }
    if refused.isEmpty, e.late == 0 {
      return "no prediction was accepted: the files of --predictions have \(none(summary.tooLongPredictions))"
    }
    return "no prediction was accepted: \(Self.reasons(refused)); \(fix(refused))"
  }

  /// What files have in place of messages that could be read.
  private func none(_ tooLong: Int) -> String {
    guard tooLong > 0 else { return "no messages" }
    return
      "only lines longer than \(ByteCount.shown(messageBytes)), which were skipped; raise --message-bytes, or send smaller "
      + "messages"
  }

  private func fix(_ refused: [String: Int64]) -> String {
    let shapes = Set([DecodeFailure.notJSON, .truncated, .notAnObject].map(\.code))
    return !refused.isEmpty && shapes.isSuperset(of: refused.keys)
      ? "--predictions takes JSON Lines, one object a line: no CSV, and no array around the objects"
      : "fix the files, or what the monitor says of them under predictions:"
  }

  private var noMatches: String? {
    guard let labels = monitor.labels else { return nil }
    guard summary.labelMessages > 0 else {
      return summary.hasLabelFiles
        ? "no label matched a prediction: the files of --labels have \(none(summary.tooLongLabels))" : nil
    }
    let (e, j) = (summary.events, summary.joins)
    guard j.matched == 0, j.corrected == 0 else { return nil }
    let count = Thousands.text(summary.labelMessages)
    let start = "none of \(count) labels matched a prediction"
    if e.unjoinable == e.accepted {
      let probabilities =
        monitor.predictions.probabilities.map { ", or predictions.fields.probabilities, which is \($0)" } ?? ""
      return "\(start): no prediction can be joined; fix predictions.fields.id, which is "
        + "\(Self.names(monitor.predictions.id)), or predictions.fields.\(monitor.outputName)\(probabilities)"
    }
    if e.labels == 0, e.passedOver > 0 {
      return "\(start): \(Thousands.text(e.passedOver)) were passed over as another model's, or are not in the sample; "
        + "fix labels.where or labels.fields.value"
    }
    // Some nulls are read as labels taken back, also where every value is refused.
    let refused = e.rejectedLabels.values.reduce(0, +)
    if refused > e.labels {
      return
        "\(start): \(e.labels == 0 ? "they" : "most") were refused; \(Self.reasons(e.rejectedLabels)); fix the files, or what "
        + "the monitor says of them under labels:"
    }
    if j.expired > 0 {
      return "\(start): \(Thousands.text(j.expired)) came later than labels.horizon, \(labels.horizon); raise it"
    }
    if e.late > e.accepted {
      return
        "\(start): of the predictions \(Thousands.text(e.late)) were late, and those are not counted; see the warning above"
    }
    return
      "\(start): the ids in \(Self.names(labels.id)) are not those in \(Self.names(monitor.predictions.id)) of the "
      + "predictions; fix labels.fields.id or predictions.fields.id"
  }

  private static func names(_ id: [FieldPath]) -> String { id.map(\.description).joined(separator: ", ") }

  /// `19,915 bad_time, 3 not_json`, the most frequent first.
  private static func reasons(_ rejected: [String: Int64]) -> String {
    let sorted = rejected.sorted { $0.value != $1.value ? $0.value > $1.value : utf8Order($0.key, $1.key) }
    return sorted.isEmpty
      ? "all were late" : sorted.map { "\(Thousands.text($0.value)) \($0.key)" }.joined(separator: ", ")
  }

  /// `1,401 days`, of less than two days as it is written in files.
  private static func inDays(_ span: TimeSpan) -> String {
    let days = span.milliseconds / TimeSpan.days(1).milliseconds
    return days < 2 ? "\(span)" : "\(Thousands.text(days)) days"
  }
}
