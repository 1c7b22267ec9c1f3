import LeewayCore

/// What a check says now: its newest verdicts of each stage.
struct CheckStanding: Sendable, Equatable {
  /// All verdicts of one check and stage at its newest end, as one.
  struct Judged: Sendable, Equatable {
    var stage: Stage
    /// Up to where it has judged.
    var end: EventTime
    /// The worst over subjects and slices; `insufficientData` where nothing could be judged, or where nothing fires and all rows
    /// together could not be judged: that a slice is ok says nothing of the whole.
    var tier: Tier
    /// Verdicts, and those of them that could not be given.
    var verdicts: Int
    var unjudged: Int
    /// For the first verdict that could not be given, slice `all` before others: why, and with which numbers (JSON).
    var why: String?
    var whyNumbers: String?
    /// Where that was.
    var subject: String?
    var slice: String?
  }

  /// Early first.
  var stages: [Judged] = []
  /// Without a verdict: when labels let it give the first, in event time; nil where it waits for no label.
  var due: EventTime?

  /// The stage whose word is the check's: the worse of the newest early and the newest final one, since early values that are
  /// bad must not be hidden by an older final `ok`. Nor must early windows that could not be judged: an `ok` that is older than
  /// they are says nothing of them, so the check's word is theirs.
  var deciding: Judged? {
    let worst = stages.max { $0.tier < $1.tier }
    guard let worst, worst.tier == .ok else { return worst }
    return stages.first { $0.tier == .insufficientData && $0.end > worst.end } ?? worst
  }

  /// The tier of the deciding stage; nil without a verdict.
  var tier: Tier? { deciding?.tier }
}

extension CheckStanding.Judged {
  /// nil without a verdict of the check and stage.
  ///
  /// - Parameter records: verdict lines of one window end, of any check.
  init?(_ records: [ResultRecord], of check: String, _ stage: Stage, _ end: EventTime) {
    self.init(stage: stage, end: end, tier: .insufficientData, verdicts: 0, unjudged: 0)
    var shown: JSONReader?
    var (ofAll, judgedOfAll) = (0, 0)
    for record in records where record.check == check {
      guard let root = (try? JSONValue(parsing: Array(record.line.utf8))).map(JSONReader.init),
        let tier = (try? root.member("tier").string()).flatMap(Tier.init(name:)),
        (try? root.member("stage").string()) ?? Stage.final.rawValue == stage.rawValue
      else { continue }
      verdicts += 1
      self.tier = max(self.tier, tier)
      if record.slice == Slice.all {
        ofAll += 1
        if tier != .insufficientData { judgedOfAll += 1 }
      }
      guard tier == .insufficientData else { continue }
      unjudged += 1
      guard shown == nil || (slice != Slice.all && record.slice == Slice.all) else { continue }
      shown = root
      (subject, slice) = (record.subject, record.slice)
    }
    guard verdicts > 0 else { return nil }
    if self.tier == .ok, ofAll > 0, judgedOfAll == 0 { self.tier = .insufficientData }
    guard let shown else { return }
    why = try? shown.member("why").string()
    whyNumbers = (try? shown.member("why_numbers"))?.value.map {
      String(decoding: CanonicalJSON.bytes(of: $0), as: UTF8.self)
    }
  }
}

extension EvaluationProgress {
  /// Up to where checks of a kind and stage have judged; nil where they have no such stage.
  func judgedThrough(ofLabels: Bool, _ stage: Stage) -> EventTime? {
    switch stage {
    case .final: ofLabels ? maturedThrough : closedThrough
    case .early: ofLabels && earlyMaturedThrough > .distantPast ? earlyMaturedThrough : nil
    }
  }
}
