extension LedgerReader {
  /// In every state.
  package func retrains(monitor: String?, limit: Int) throws -> [RetrainRecord] {
    try retrains(monitor: monitor, state: nil, limit: limit)
  }

  /// For each (window, slice, subject, check, metric, stage) of a type the newest line of a generation and its pairs, in the fixed order.
  package func latestResults(of generation: GenerationRecord, type: ResultType) throws -> [ResultRecord] {
    let keys = generation.keys(of: type)
    let found = try keys.map { try latestResults(monitor: generation.monitor, generation: $0, type: type) }
    guard found.count > 1 else { return found.first ?? [] }
    // Under the pairs' name there may still be what an earlier generation said of its drift.
    func isOfPairs(_ line: ResultRecord) -> Bool {
      type == .comparison
        ? utf8Equal(line.subject, "performance") : Metric.named(line.metric)?.isOfLabels ?? false
    }
    return (found[0].filter { !isOfPairs($0) } + found[1].filter(isOfPairs)).sorted { $0.position < $1.position }
  }
}
