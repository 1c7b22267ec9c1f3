import LeewayCore

/// What all monitors have, in a few statements whatever their number.
extension SQLSession {
  func standings() throws -> [String: MonitorStanding] {
    let doing: StaticString = "reading what monitors have"
    var found: [String: MonitorStanding] = [:]
    let generations =
      "SELECT monitor, MAX(id), COUNT(*), CAST(SUM(drained) AS BIGINT) FROM generations GROUP BY monitor"
    for (monitor, generations) in try rows(
      doing, generations,
      as: { row in
        (
          try row.text(0),
          MonitorStanding.Generations(
            last: try row.integer(1), count: try row.count(2), drained: try row.count(3))
        )
      })
    { found[monitor, default: MonitorStanding()].generations = generations }
    for partition in try partitions() {
      found[partition.key.monitor, default: MonitorStanding()].partitions.append(partition)
    }
    let progress = """
      SELECT s.monitor, s.generation, e.closed_through, e.final_through, e.matured_through, e.first_pane,
        e.early_matured_through
      FROM evaluations e JOIN scopes s ON s.id = e.scope
      """
    for (monitor, generation, progress) in try rows(
      doing, progress,
      as: { row in
        (
          try row.text(0), try row.text(1),
          EvaluationProgress(
            closedThrough: try row.time(2), finalThrough: try row.time(3), maturedThrough: try row.time(4),
            earlyMaturedThrough: try row.time(6), firstPane: try row.optionalTime(5))
        )
      })
    { found[monitor, default: MonitorStanding()].progress[generation] = progress }
    let marks = """
      SELECT s.monitor, MAX(d.id), COUNT(*) FROM dirty_marks d JOIN scopes s ON s.id = d.scope GROUP BY s.monitor
      """
    for (monitor, marks) in try rows(
      doing, marks,
      as: { (try $0.text(0), MonitorStanding.Marks(last: try $0.integer(1), count: try $0.count(2))) })
    { found[monitor, default: MonitorStanding()].marks = marks }
    let acts = "SELECT monitor, COUNT(*) FROM acts WHERE state = 'queued' GROUP BY monitor"
    for (monitor, count) in try rows(doing, acts, as: { (try $0.text(0), try $0.count(1)) }) {
      found[monitor, default: MonitorStanding()].queuedActs = count
    }
    let deadlines = """
      SELECT monitor, MIN(deadline) FROM retrains
      WHERE overdue_wall IS NULL AND state IN ('requested', 'candidate') GROUP BY monitor
      """
    for (monitor, deadline) in try rows(doing, deadlines, as: { (try $0.text(0), try $0.time(1)) }) {
      found[monitor, default: MonitorStanding()].deadline = deadline
    }
    return found
  }
}
