import LeewayCore
import LeewayLocks

/// What the demo says, on standard output, with the seconds since its start.
final class DemoStory: Sendable {
  private let started = ContinuousClock.now
  private let print: @Sendable (String) -> Void

  /// - Parameter print: takes whole lines, from any thread.
  init(print: @escaping @Sendable (String) -> Void) { self.print = print }

  /// A line without a time.
  func say(_ text: String) { print(text + "\n") }

  /// A line of the story: what happened, and when, in the demo's world where that is meant.
  func tell(_ who: String, _ text: String, at time: EventTime? = nil) {
    print(line(who, time.map { "\($0)  \(text)" } ?? text) + "\n")
  }

  /// A line, a second one beneath it if there is a detail, and what was sent, JSON on a line of its own.
  func tell(_ who: String, _ text: String, detail: String? = nil, body: String) {
    let second = detail.map { String(repeating: " ", count: Self.indent) + $0 + "\n" } ?? ""
    print(line(who, text) + "\n" + second + body + "\n")
  }

  /// Columns before a line's text.
  private static let indent = 19

  private func line(_ who: String, _ text: String) -> String {
    let tenths = Int64(started.duration(to: .now) / .milliseconds(100))
    let seconds = "\(tenths / 10).\(tenths % 10)"
    return String(repeating: " ", count: max(0, 6 - seconds.utf8.count)) + seconds + " s  "
      + who + String(repeating: " ", count: max(1, 9 - who.utf8.count)) + text
  }
}

/// What the receiver and the trainer bring about, and the producer obeys.
final class DemoStage: Sendable {
  private struct State {
    var model = OrderWorld.Model.v1
    var isServing = false
    var hasWarned = false
    var produced: (predictions: Int64, labels: Int64) = (0, 0)
  }

  private let state = Mutex(State())

  /// The version that answers.
  var model: OrderWorld.Model { state.withLock { $0.model } }
  func deploy(_ model: OrderWorld.Model) { state.withLock { $0.model = model } }

  /// Whether the page is there, so that the live part may begin.
  var isServing: Bool { state.withLock { $0.isServing } }
  func serve() { state.withLock { $0.isServing = true } }

  /// Whether somebody has been told of the drift.
  var hasWarned: Bool { state.withLock { $0.hasWarned } }
  func warn() { state.withLock { $0.hasWarned = true } }

  var produced: (predictions: Int64, labels: Int64) { state.withLock { $0.produced } }
  func count(predictions: Int64, labels: Int64) {
    state.withLock { $0.produced = ($0.produced.predictions &+ predictions, $0.produced.labels &+ labels) }
  }
}
