package import LeewayCore

/// How much memory `leeway run` takes of the machine at most, by its configuration: when it works off a long backlog.
/// docs/operating.md has the formula.
package struct MemoryEstimate: Sendable, Equatable {
  package struct Part: Sendable, Equatable {
    package var name: String
    /// Bytes.
    package var bytes: Int
  }

  /// Each monitor's own, in the order of their files.
  package private(set) var monitors: [Part]
  /// What there is once.
  package private(set) var shared: [Part]

  package var total: Int { (monitors + shared).reduce(0) { $0 + $1.bytes } }

  /// - Parameter service: nil: with its defaults, and an SQLite ledger.
  package init(service: ServiceConfiguration?, plans: [MonitorPlan]) {
    let memories = plans.map(MonitorMemory.init)
    let threads = service?.kafka.threads ?? ServiceConfiguration.Kafka.standardThreads
    // Windows that do not fit are merged again each time.
    let windows = memories.reduce(0) { $0 + $1.windows }
    let share = min(1, Double(WindowMerges.standardLimitBytes) / Double(max(windows, 1)))
    monitors = zip(plans, memories).map { plan, memory in
      Part(
        name: plan.monitor.name, bytes: memory.baseline + memory.batch * threads + Int(Double(memory.windows) * share))
    }
    shared = [
      Part(name: "program", bytes: Self.program),
      Part(name: "messages fetched", bytes: Self.fetched(service)),
      Part(name: "flush", bytes: (service?.limits ?? ServiceConfiguration.Limits()).flushBytes + Self.spare),
      Part(name: "ledger", bytes: Self.ledger(service)),
      Part(name: "evaluation", bytes: (memories.map(\.judged).max() ?? 0) + Self.lines),
    ]
  }

  /// The total in a line, then a line for each part; megabytes of 1,000,000 bytes.
  package var text: String {
    func line(_ name: String, _ bytes: Int) -> String {
      let tenths = (Double(bytes) / 1e5).rounded() / 10
      return "  \(name): \(tenths) MB"
    }
    return
      (["memory: about \(Int((Double(total) / 1e6).rounded())) MB at most"]
      + monitors.map { line("monitor \($0.name)", $0.bytes) } + shared.map { line($0.name, $0.bytes) })
      .joined(separator: "\n")
  }

  /// Code, libraries, threads, pages and metrics.
  private static let program = 60 << 20
  /// Deltas' memory that is kept from flush to flush, and rows as they are stored.
  private static let spare = 32 << 20
  /// Result lines of one step.
  private static let lines = 32 << 20

  private static func fetched(_ service: ServiceConfiguration?) -> Int {
    let own = service?.kafka.properties["queued.max.messages.kbytes"].flatMap { Int($0.revealed) }
    // Two fifths more: librdkafka keeps some 300 bytes of each besides.
    return (own ?? 131_072) * 1434
  }

  private static func ledger(_ service: ServiceConfiguration?) -> Int {
    if case .postgres = service?.ledger { return 16 << 20 }
    return 80 << 20
  }
}
