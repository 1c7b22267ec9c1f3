import LeewayStatistics

@testable import LeewayCore

/// A slice that learns, up to its first null: from all of its hours, looked at again in every hour.
struct NaiveLearner {
  let plan: MonitorPlan
  let design: ShiftDesign
  let learner: ShiftDesign.Learner
  private var hours: [Int: ShiftValues] = [:]
  private var open: [ShiftLearning.Part: ShiftLearning.Gross] = [:]
  private(set) var lines: [ResultRecord] = []
  private(set) var verdicts: [Verdict] = []

  init(plan: MonitorPlan, design: ShiftDesign, learner: ShiftDesign.Learner) {
    self.plan = plan
    self.design = design
    self.learner = learner
  }

  mutating func take(_ hour: Int, _ block: CellBlock?, _ version: String?) {
    guard let block else { return }
    let sums = ShiftDesign.sums(block, plan.drift, learner.subjects, learner.streams)
    var values = ShiftValues(first: hour, streams: learner.streams.count)
    values.append(sums, learner.streams)
    let isFirstOfDay = !hours.keys.contains { day($0) == day(hour) }
    hours[hour] = values
    guard let first = hours.keys.min() else { return }
    precondition(hour - first < 168, "the first null is beyond what is simulated")
    var opened: [ShiftLearning.Part] = []
    for stream in learner.streams.all.indices {
      let part = ShiftLearning.Part(
        subject: learner.streams.all[stream].subject, isOfFeed: learner.streams.all[stream].kind.isShare)
      let newest = (0..<4).map { isGross(hours[hour - $0], stream) }
      if newest == [true, true, true, false], open[part] == nil {
        open[part] = .init(stream: stream, since: hour - 2, last: hour)
        opened.append(part)
      }
      if newest[0] { open[part]?.last = hour }
    }
    let closed = open.filter { $0.value.last <= hour - 24 }
    for part in closed.keys { open[part] = nil }
    guard isFirstOfDay || !opened.isEmpty || !closed.isEmpty else { return }
    var learning = ShiftLearning(
      streams: learner.streams.count, subjects: learner.subjects.count, next: hour)
    for subject in learning.subjects.indices { learning.subjects[subject].first = first == hour ? nil : first }
    learning.gross = open
    var telling = LearningTelling(plan: plan, design: design, learner: learner)
    telling.tell(
      values, sums, learning, opened: opened, closed: closed, first: isFirstOfDay ? Set(learner.subjects.indices) : [],
      version: version)
    lines += telling.told.lines
    verdicts += telling.told.verdicts
  }

  private func day(_ hour: Int) -> Int { hour >= 0 ? hour / 24 : (hour - 23) / 24 }

  private func isGross(_ values: ShiftValues?, _ stream: Int) -> Bool {
    guard let values, values.n[stream] >= 10 else { return false }
    return switch learner.streams.all[stream].kind {
    case .location: abs(values.y[stream]) >= 2
    case .spread: values.y[stream] >= 1.5
    case .category, .level: false
    case .missing, .invalid, .unseen, .outside: values.y[stream] >= .pi / 2
    }
  }
}
