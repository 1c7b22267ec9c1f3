package import LeewayCore

/// What a trainer says of a retrain, and how it compares with the scorecard.
package struct RetrainAnswer: Equatable, Sendable {
  static let maximumMetrics = 100
  static let maximumText = 1000

  /// A line of the scorecard with the value that was reported.
  struct Line: Equatable, Sendable {
    var bound: RetrainPolicy.Bound
    /// nil if the trainer did not report it; such a line fails.
    var value: Double?
    /// The champion's, where the line is measured from it; nil: not known, and such a line fails.
    var champion: Double?

    var needsChampion: Bool { [bound.atLeast, bound.atMost].contains { $0?.isOfChampion == true } }

    var passes: Bool {
      guard let value else { return false }
      func holds(_ mark: RetrainPolicy.Mark?, _ isBeyond: (Double, Double) -> Bool) -> Bool {
        guard let mark else { return true }
        return mark.limit(champion: champion).map { !isBeyond(value, $0) } ?? false
      }
      return holds(bound.atLeast, <) && holds(bound.atMost, >)
    }

    /// What fails it, for people.
    var failure: String {
      func text(_ mark: RetrainPolicy.Mark) -> String {
        guard mark.isOfChampion else { return "\(mark)" }
        return "\(mark)" + (mark.limit(champion: champion).map { ", \(ShortestText.of($0))," } ?? "")
      }
      let needed = [bound.atLeast.map { "at least \(text($0))" }, bound.atMost.map { "at most \(text($0))" }]
      var found = value.map { "was \(ShortestText.of($0))" } ?? "was not reported"
      if needsChampion, champion == nil { found += ", the champion's is not known" }
      return "\(bound.metric) \(found), \(needed.compactMap { $0 }.joined(separator: " and ")) is needed"
    }
  }

  var succeeded: Bool
  var modelVersion: String?
  /// Ascending by name.
  var metrics: [(name: String, value: Double)]
  /// The champion's on the same rows, where the trainer has evaluated it too; ascending by name.
  var champion: [(name: String, value: Double)] = []
  var reason: String?
  private(set) var scorecard: [Line]

  /// Success, and every line of the scorecard.
  var isCandidate: Bool { succeeded && scorecard.allSatisfy(\.passes) }

  /// Why it is none: what the trainer says, else the lines of the scorecard that fail, such as `auc was 0.71, at least 0.8 is
  /// needed`. nil where it is a candidate, and where the trainer failed without a word.
  var whyNoCandidate: String? {
    guard !isCandidate else { return nil }
    guard succeeded else { return reason }
    return scorecard.filter { !$0.passes }.map(\.failure).joined(separator: "; ")
  }

  /// - Throws: ``Problem`` naming the member of the body that is wrong.
  init(_ body: JSONReader, policy: RetrainPolicy?) throws(Problem) {
    do {
      try body.allowOnly(["status", "model_version", "metrics", "champion", "reason"])
      let status = try body.member("status")
      switch try status.string() {
      case "succeeded": succeeded = true
      case "failed": succeeded = false
      case let other: throw status.failure("expected succeeded or failed, found \"\(other.prefix(40))\"")
      }
      modelVersion = try body.member("model_version").optional(Self.text)
      reason = try body.member("reason").optional(Self.text)
      metrics = try Self.metrics(body.member("metrics"))
      champion = try Self.metrics(body.member("champion"))
      if succeeded, modelVersion == nil {
        throw try body.member("model_version").failure("is needed where status is succeeded")
      }
    } catch let failure as JSONFailure {
      throw Problem(
        .badBody, "In the body, \(failure).", parameter: failure.path.isEmpty ? nil : failure.path,
        fix: "Send {\"status\":\"succeeded\",\"model_version\":\"v3\",\"metrics\":{\"auc\":0.84}}"
          + " or {\"status\":\"failed\",\"reason\":\"why\"}.")
    } catch {
      throw Problem(.badBody, "The body could not be read.")
    }
    let reported = Dictionary(metrics.map { ($0.name, $0.value) }, uniquingKeysWith: { first, _ in first })
    scorecard = (policy?.scorecard ?? []).map { Line(bound: $0, value: reported[$0.metric]) }
    compare(with: Dictionary(champion.map { ($0.name, $0.value) }, uniquingKeysWith: { first, _ in first }))
  }

  /// Whether a line is measured from the champion, which the trainer has said nothing of.
  var needsChampion: Bool { scorecard.contains { $0.needsChampion && $0.champion == nil } }

  /// Fills in what is not known of the champion.
  mutating func compare(with champion: [String: Double]) {
    for i in scorecard.indices where scorecard[i].needsChampion && scorecard[i].champion == nil {
      scorecard[i].champion = champion[scorecard[i].bound.metric]
    }
  }

  private static func metrics(_ metrics: JSONReader) throws(JSONFailure) -> [(name: String, value: Double)] {
    let members = metrics.isNull ? [] : try metrics.members()
    guard members.count <= maximumMetrics else {
      throw metrics.failure("holds \(members.count) metrics and the limit is \(maximumMetrics)")
    }
    var out: [(name: String, value: Double)] = []
    for (name, reader) in members { out.append((name, try reader.double())) }
    return out.sorted { precedes($0.name, $1.name) }
  }

  /// Whether two answers, as they are kept, say the same, whatever the champion was then.
  static func isSame(_ a: String, _ b: String) -> Bool {
    func said(_ text: String) -> [JSONValue.Member]? {
      guard case .object(let members) = try? JSONValue(parsing: Array(text.utf8)) else { return nil }
      return members.filter { $0.key != "scorecard" }
    }
    return a == b || said(a) != nil && said(a) == said(b)
  }

  /// What the end of a run says where the trainer says nothing: no version and no metrics, so a scorecard is not passed.
  ///
  /// - Parameter reason: why the run failed; nil where it did not.
  package init(runSucceeded succeeded: Bool, reason: String?, policy: RetrainPolicy?) {
    self.succeeded = succeeded
    self.reason = reason
    metrics = []
    scorecard = (policy?.scorecard ?? []).map { Line(bound: $0, value: nil) }
  }

  private static func text(_ reader: JSONReader) throws(JSONFailure) -> String {
    let text = try reader.string()
    guard text.utf8.count <= maximumText else {
      throw reader.failure("has \(text.utf8.count) bytes and the limit is \(maximumText)")
    }
    return text
  }

  /// As it is kept, and shown under `/api/v1/retrains`.
  var json: String {
    var json = JSONWriter()
    json.beginObject()
    json.member("status", succeeded ? "succeeded" : "failed")
    if let modelVersion { json.member("model_version", modelVersion) }
    if let reason { json.member("reason", reason) }
    json.key("metrics")
    json.beginObject()
    for metric in metrics { json.member(metric.name, metric.value) }
    json.endObject()
    if !champion.isEmpty {
      json.key("champion")
      json.beginObject()
      for metric in champion { json.member(metric.name, metric.value) }
      json.endObject()
    }
    json.members("scorecard", scorecard) { json, line in
      json.beginObject()
      json.member("metric", line.bound.metric)
      for (name, mark) in [("at_least", line.bound.atLeast), ("at_most", line.bound.atMost)] {
        guard let mark else { continue }
        json.member(name, mark.limit(champion: line.champion))
        if mark.isOfChampion { json.member(name + "_is", "\(mark)") }
      }
      if line.needsChampion { json.member("champion", line.champion) }
      json.member("value", line.value)
      json.member("passes", line.passes)
      json.endObject()
    }
    json.endObject()
    return json.text
  }

  package static func == (a: RetrainAnswer, b: RetrainAnswer) -> Bool { a.json == b.json }
}
