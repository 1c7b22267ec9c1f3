package import LeewayCore

/// What became of a retrain, written down: by the trainer's answer, or by the end of the run that it asked for.
package enum RetrainSettlement {
  /// Stores the answer, records that it came, and moves the retrain's incident on.
  ///
  /// - Parameters:
  ///   - record: of a retrain that is still requested.
  ///   - monitor: as configured; nil where it is no longer.
  ///   - line: of the request that brought the answer, for the audit log.
  ///   - by: who says so: `trainer`, or the type of the system that ran it.
  package static func settle(
    _ record: RetrainRecord, _ answer: RetrainAnswer, by: String, monitor: Monitor?, context: DecisionContext,
    now: EventTime, audit line: AuditRecord? = nil, in writer: any LedgerWriter
  ) throws -> RetrainActs.Outcome {
    let outcome = try RetrainActs.answer(
      record, passes: answer.isCandidate, because: answer.whyNoCandidate, answer: answer.json, monitor: monitor,
      context: context, now: now, in: writer)
    let record = outcome.record
    var detail = JSONWriter()
    detail.beginObject()
    detail.member("by", by)
    detail.member("retrain", record.id)
    detail.member("state", record.state.rawValue)
    detail.member("answer", json: answer.json)
    detail.endObject()
    try writer.record(
      input: OutsideInput(
        monitor: record.monitor, incident: record.incident, at: now, kind: "retrain_result", detail: detail.text))
    if var line {
      line.detail = detail.text
      try writer.record(audit: line)
    }
    return outcome
  }
}
