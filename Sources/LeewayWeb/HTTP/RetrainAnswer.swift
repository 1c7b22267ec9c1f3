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

    var passes: Bool {
      guard let value else { return false }
      return value >= bound.atLeast ?? -.infinity && value <= bound.atMost ?? .infinity
    }

    /// What fails it, for people.
    var failure: String {
      let needed = [bound.atLeast.map { "at least \($0)" }, bound.atMost.map { "at most \($0)" }]
      let found = value.map { "was \($0)" } ?? "was not reported"
      return "\(bound.metric) \(found), \(needed.compactMap { $0 }.joined(separator: " and ")) is needed"
    }
  }

  var succeeded: Bool
  var modelVersion: String?
  /// Ascending by name.
  var metrics: [(name: String, value: Double)]
  var reason: String?
  var scorecard: [Line]

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
      try body.allowOnly(["status", "model_version", "metrics", "reason"])
      let status = try body.member("status")
      switch try status.string() {
      case "succeeded": succeeded = true
      case "failed": succeeded = false
      case let other: throw status.failure("expected succeeded or failed, found \"\(other.prefix(40))\"")
      }
      modelVersion = try body.member("model_version").optional(Self.text)
      reason = try body.member("reason").optional(Self.text)
      let metrics = try body.member("metrics")
      let members = metrics.isNull ? [] : try metrics.members()
      guard members.count <= Self.maximumMetrics else {
        throw metrics.failure("holds \(members.count) metrics and the limit is \(Self.maximumMetrics)")
      }
      self.metrics = []
      for (name, reader) in members { self.metrics.append((name, try reader.double())) }
      self.metrics.sort { precedes($0.name, $1.name) }
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
    json.members("scorecard", scorecard) { json, line in
      json.beginObject()
      json.member("metric", line.bound.metric)
      if let least = line.bound.atLeast { json.member("at_least", least) }
      if let most = line.bound.atMost { json.member("at_most", most) }
      json.member("value", line.value)
      json.member("passes", line.passes)
      json.endObject()
    }
    json.endObject()
    return json.text
  }

  package static func == (a: RetrainAnswer, b: RetrainAnswer) -> Bool { a.json == b.json }
}
