/// When a retrain is asked for, and what must hold before its model is put in force.
package struct RetrainPolicy: Sendable, Equatable {
  /// A line of the scorecard: the metric must be at least, at most, or both.
  package struct Bound: Sendable, Equatable {
    package var metric: String
    package var atLeast: Mark?
    package var atMost: Mark?

    package init(metric: String, atLeast: Mark? = nil, atMost: Mark? = nil) {
      self.metric = metric
      self.atLeast = atLeast
      self.atMost = atMost
    }
  }

  /// What a metric is held to: a number, or the champion's own value and so much more.
  package enum Mark: Sendable, Equatable, CustomStringConvertible {
    case value(Double)
    /// `champion - 0.005` is -0.005.
    case champion(plus: Double)

    /// `0.8`, `champion`, `champion - 0.005` or `champion + 0.01`; nil for anything else.
    package init?(_ text: String) {
      let words = text.split(separator: " ", omittingEmptySubsequences: true)
      if words.first == "champion" {
        if words.count == 1 {
          self = .champion(plus: 0)
          return
        }
        guard words.count == 3, ["+", "-"].contains(words[1]), let number = Double(words[2]), number.isFinite,
          number >= 0
        else { return nil }
        self = .champion(plus: words[1] == "-" ? -number : number)
        return
      }
      guard words.count == 1, let number = Double(words[0]), number.isFinite else { return nil }
      self = .value(number)
    }

    package var isOfChampion: Bool { if case .champion = self { true } else { false } }

    /// The number that it stands for; nil where it is measured from a champion whose value is not known.
    package func limit(champion: Double?) -> Double? {
      switch self {
      case .value(let value): value
      case .champion(let more): champion.map { $0 + more }
      }
    }

    /// As it is written in a monitor file.
    package var description: String {
      switch self {
      case .value(let value): ShortestText.of(value)
      case .champion(let more) where more == 0: "champion"
      case .champion(let more): "champion \(more < 0 ? "-" : "+") \(ShortestText.of(more.magnitude))"
      }
    }
  }

  /// Whether a model that has passed the scorecard waits for people.
  package enum Approval: String, Sendable, CaseIterable { case required, automatic }

  /// Least time between two retrains of one monitor.
  package var cooldown: TimeSpan
  package var maximumPerWeek: Int
  /// From the request to a corrective action.
  package var deadline: TimeSpan
  /// How long a shift must have lasted at the tier that asks, beside sound data (rule D8).
  package var settle: TimeSpan
  package var scorecard: [Bound]
  /// People who must approve of a model that has passed the scorecard; 0: it needs none.
  package var approvals: Int
  /// The receiver that puts an approved model in force; nil: whoever approves does.
  package var promote: String?
  /// The receiver that goes back to the previous model, or to rules, while an incident is critical; nil: none does.
  package var fallBack: String?

  package init(
    cooldown: TimeSpan, maximumPerWeek: Int, deadline: TimeSpan, settle: TimeSpan = .hours(24),
    scorecard: [Bound] = [], approvals: Int = 0, promote: String? = nil, fallBack: String? = nil
  ) {
    self.cooldown = cooldown
    self.maximumPerWeek = maximumPerWeek
    self.deadline = deadline
    self.settle = settle
    self.scorecard = scorecard
    self.approvals = approvals
    self.promote = promote
    self.fallBack = fallBack
  }
}
