import LeewayConfiguration
import LeewayCore

/// Looks through files of predictions once more for what the counts of a replay say is there: the first value of a field
/// that cannot be used, and the message that made most others late. Only a replay that has something to say of these reads
/// twice.
struct SecondLook: Sendable {
  /// A value that is there and cannot be used.
  struct Unusable: Sendable, Equatable {
    var file: String
    var line: Int
    /// `feature amount`, `score`.
    var purpose: String
    var value: String
    /// What it should be.
    var problem: String
  }

  /// A message far ahead of all others of its file.
  struct FarAhead: Sendable, Equatable {
    var file: String
    var line: Int
    var id: String
    var time: EventTime
    /// How far ahead of the newest of the others.
    var by: TimeSpan
    /// Messages that are late because of it.
    var late: Int64
  }

  /// The first of each field, in the order of the monitor.
  private(set) var unusable: [Unusable] = []
  /// Among all files, the one that made most messages late; nil where the order of the file is to blame.
  private(set) var farAhead: FarAhead?

  private let monitor: Monitor
  private let asOf: EventTime?
  private let messageBytes: Int

  /// - Parameters:
  ///   - subjects: features, or the output, that had invalid values.
  ///   - isLate: whether to look for what made messages late.
  ///   - asOf: as of the replay.
  ///   - messageBytes: the longest line that counts.
  init(
    _ files: [String], of monitor: Monitor, subjects: Set<String>, isLate: Bool, asOf: EventTime?, messageBytes: Int
  ) throws {
    self.monitor = monitor
    self.asOf = asOf
    self.messageBytes = messageBytes
    let wanted = Set(subjects.map { $0 == monitor.outputName ? $0 : "feature \($0)" })
    let probabilities = subjects.contains(monitor.outputName) ? ["probabilities"] : []
    let fields = SampledField.predictions(of: monitor).filter {
      wanted.contains($0.purpose) || probabilities.contains($0.purpose)
    }
    guard isLate || !fields.isEmpty else { return }
    // A pipe has been read to its end.
    for file in files where TextFile.isRegular(file) {
      let pending = fields.filter { field in !unusable.contains { $0.purpose == field.purpose } }
      guard isLate || !pending.isEmpty else { break }
      try look(at: file, pending, isLate: isLate)
    }
    let order = fields.map(\.purpose)
    unusable.sort { (order.firstIndex(of: $0.purpose) ?? 0) < (order.firstIndex(of: $1.purpose) ?? 0) }
  }

  private mutating func look(at file: String, _ wanted: [SampledField], isLate: Bool) throws {
    var pending = Array(wanted.enumerated())
    let ids = monitor.predictions.id
    let plan = SampledField.plan(wanted.map(\.path) + [monitor.predictions.time] + ids, of: monitor)
    let extractor = JSONExtractor(plan, limits: DecodeLimits(messageBytes: messageBytes))
    let lines = try MessageLines(file, ofRecords: monitor.readsRecords, asOf: asOf, messageBytes: messageBytes)
    let takesText = monitor.predictions.isLenient || monitor.predictions.time.root == .record
    var lead = Lead(lateness: monitor.lateness)
    while isLate || !pending.isEmpty, let message = try lines.next() {
      let number = Int(message.offset)
      try? extractor.forEachRow(of: message, plan) {
        guard let time = extractor[wanted.count].time(monitor.predictions.timeFormat, lenient: takesText),
          time.isPlausible,
          asOf.map({ time <= $0 + monitor.skew }) ?? true
        else { return }
        pending.removeAll { i, field in
          // A feature without a value is missing, not unusable.
          let isMissing = extractor[i].kind == .null || extractor[i].kind == .absent
          guard !(isMissing && field.purpose.hasPrefix("feature ")),
            let problem = field.problem(of: extractor[i], in: extractor)
          else { return false }
          unusable.append(
            .init(
              file: file, line: number, purpose: field.purpose,
              value: extractor.shown(extractor[i]), problem: problem))
          return true
        }
        guard isLate, lead.take(time, number) else { return }
        let slots = wanted.count + 1..<wanted.count + 1 + ids.count
        lead.id = slots.map {
          extractor.category(of: extractor[$0]).map { String(decoding: $0, as: UTF8.self) } ?? "none"
        }
        .joined(separator: ", ")
      }
    }
    guard let worst = lead.worst, worst.late > farAhead?.late ?? 0, worst.by > monitor.lateness else { return }
    farAhead = FarAhead(
      file: file, line: worst.line, id: worst.id, time: worst.time, by: worst.by, late: worst.late)
  }

  /// Which message of one file leads, and how many are late because of it.
  private struct Lead {
    struct Leader {
      var line: Int
      var id = ""
      var time: EventTime
      /// For the message before it that was newest; nil for the first.
      var before: EventTime?
      var newestAfter: EventTime?
      var late: Int64 = 0

      /// How far ahead of the messages around it; nil where it is alone.
      var by: TimeSpan? {
        let others = [before, newestAfter].compactMap { $0 }.max()
        return others.map { time - $0 }
      }
    }

    let lateness: TimeSpan
    private var leader: Leader?
    private var worstSoFar: Leader?

    init(lateness: TimeSpan) { self.lateness = lateness }

    /// For the leader, when it has just come.
    var id: String {
      get { leader?.id ?? "" }
      set { leader?.id = newValue }
    }

    /// - Returns: whether the message leads now.
    mutating func take(_ time: EventTime, _ line: Int) -> Bool {
      guard let current = leader, time <= current.time else {
        settle()
        leader = Leader(line: line, time: time, before: leader?.time)
        return true
      }
      if time < current.time - lateness { leader?.late += 1 }
      leader?.newestAfter = max(current.newestAfter ?? time, time)
      return false
    }

    private mutating func settle() {
      guard let leader, leader.late > worstSoFar?.late ?? 0 else { return }
      worstSoFar = leader
    }

    var worst: (line: Int, id: String, time: EventTime, by: TimeSpan, late: Int64)? {
      let all = [worstSoFar, leader].compactMap { $0 }
      guard let worst = all.max(by: { $0.late < $1.late }), let by = worst.by, worst.late > 0 else { return nil }
      return (worst.line, worst.id, worst.time, by, worst.late)
    }
  }
}
