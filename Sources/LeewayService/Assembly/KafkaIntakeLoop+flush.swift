import LeewayConfiguration
import LeewayCore
import LeewaySource
import LeewayWeb
import Logging

/// Committing what was taken, and telling what became of it.
extension KafkaIntakeLoop {
  func flushAndReport(_ now: SteadyTime) throws {
    claimIdleness(now)
    noteEnds()
    do {
      try flush()
      flushBackoff = 0
      flushDue = .now + service.configuration.limits.flushEvery
    } catch let error as LedgerError {
      // Nothing is lost: the deltas stay and the next flush carries them.
      service.metrics.flushed(seconds: 0, .failed)
      service.state.set(ledgerFailure: error.description)
      publishLag(advanced: false)
      flushBackoff = min(flushBackoff + 1, 6)
      flushDue = .now + .milliseconds(Int64(250 << flushBackoff))
      warn("flush failed and will be tried again: \(error.description)")
    } catch let error as DeadLettersOutstanding {
      // Nor here: the partitions concerned wait with their offsets, the others have been committed.
      flushBackoff = min(flushBackoff + 1, 6)
      flushDue = .now + .milliseconds(Int64(250 << flushBackoff))
      warn(error.description)
    } catch let error as EnvironmentProblem where error.mayPass {
      // The flush stands. Partitions that were taken over are not claimed again yet, and the next flush tries.
      service.state.set(brokerFailure: error.description)
      flushBackoff = min(flushBackoff + 1, 6)
      flushDue = .now + .milliseconds(Int64(250 << flushBackoff))
      warn("a flush could not be finished and will be tried again: \(error.description)")
    }
  }

  /// Commits what was taken before the end. A ledger that is away is waited for as long as the end may take: whoever ends
  /// everything while a server restarts has nothing read again by that.
  func flushLast() throws {
    let end = SteadyTime.now + service.configuration.limits.shutdownTime
    var patience = LedgerPatience()
    while true {
      do { return try flush() } catch let error as DeadLettersOutstanding {
        return warn("messages are read again after the next start: \(error.description)")
      } catch let error as EnvironmentProblem where error.mayPass {
        return warn("partitions that were taken over are not taken back before the end: \(error.description)")
      } catch let error as LedgerError where error.mayPass {
        // No other instance gets these partitions meanwhile, so the pauses are short.
        let pause = min(patience.failed(), 2000)
        guard SteadyTime.now + .milliseconds(pause) < end else { throw error }
        service.metrics.flushed(seconds: 0, .failed)
        service.state.set(ledgerFailure: error.description)
        warn("the last flush failed and will be tried again: \(error.description)")
        WallClock.pause(milliseconds: Int(pause), unless: StopFlag())
      }
    }
  }

  func flush() throws {
    defer {
      profile.tell(
        service.metrics, consumer.pollTimes, handling: crew?.busyNanoseconds ?? consumer.pollTimes.handling)
    }
    try profile.committing { try commit() }
  }

  private func commit() throws {
    let started = ContinuousClock.now
    let report: FlushReport
    let outstanding = deliverDeadLetters()
    do {
      report = try intake.flush(to: service.ledger)
    } catch let fenced as WriterFenced {
      warn(fenced.description)
      service.metrics.flushed(seconds: 0, .fenced)
      try startAnew()
      return
    }
    service.state.set(ledgerFailure: nil)
    let seconds = started.duration(to: .now) / .seconds(1)
    if !report.committed.isEmpty || !report.fenced.isEmpty {
      service.metrics.flushed(seconds: seconds, report.fenced.isEmpty ? .committed : .fenced)
    }
    publish(report)
    tellOfPredictionsBeforeTheirGeneration(report)
    watchFields()
    try forgetSkipped(report.committed.keys)
    fenced.formUnion(report.fenced.map { TopicPartition($0.topic, $0.partition) })
    try reclaimFenced()
    if let outstanding { throw outstanding }
  }

  func publish(_ report: FlushReport) {
    for (monitor, counts) in report.events {
      let metrics = service.metrics
      metrics.count(events: counts.accepted, .accepted, monitor: monitor)
      metrics.count(events: counts.late, .late, monitor: monitor)
      metrics.count(events: counts.beforeGeneration, .beforeGeneration, monitor: monitor)
      metrics.count(events: counts.invalid, .invalid, monitor: monitor)
      metrics.count(events: counts.quarantined, .quarantined, monitor: monitor)
      for (code, count) in counts.rejected { metrics.count(rejected: count, reason: code, monitor: monitor) }
      if counts.passedOver > 0 { metrics.count(labels: counts.passedOver, .passedOver, monitor: monitor) }
      if counts.unjoinable > 0 { metrics.count(rejected: counts.unjoinable, reason: "unjoinable", monitor: monitor) }
    }
    for (monitor, counts) in report.joins {
      let metrics = service.metrics
      metrics.count(events: counts.duplicates, .duplicate, monitor: monitor)
      for (count, outcome) in [
        (counts.matched, LabelOutcome.matched), (counts.early, .early), (counts.repeated, .repeated),
        (counts.corrected, .corrected), (counts.retracted, .retracted), (counts.expired, .expired),
        (counts.implausible, .implausible), (counts.overLimit, .overLimit),
      ] where count > 0 { metrics.count(labels: count, outcome, monitor: monitor) }
    }
    for (monitor, delays) in report.labelDelays {
      var histogram = MetricHistogram.labelDelay
      for delay in delays { histogram.observe(delay) }
      service.metrics.add(labelDelays: histogram, monitor: monitor)
    }
    for (key, count) in report.lost { service.metrics.count(lost: count, of: key) }
    for record in report.quarantined.prefix(3) where record.code != "gap" {
      logger.warning(
        "\(record.topic)[\(record.partition)] offset \(record.offset): \(record.code): \(record.reason)",
        metadata: .of(record))
    }
    publishLag(advanced: report.advanced)
    // For Kafka's own lag tools; a failure costs them their view only.
    let offsets = Dictionary(
      report.committed.map { (TopicPartition($0.key.topic, $0.key.partition), $0.value) }, uniquingKeysWith: min)
    let held = offsets.filter { consumer.assignment.contains($0.key) }
    if !held.isEmpty { try? consumer.commit(held.map { ($0.key, $0.value) }) }
  }

  func publishLag(advanced: Bool) {
    var lag: [(topic: String, partition: Int32, messages: Int64)] = []
    for partition in consumer.assignment.sorted() {
      guard let high = consumer.watermarks(of: partition).high else { continue }
      // Held at a gap, which is told apart: nothing of it waits to be read.
      guard let next = intake.committedOffset(partition) else { continue }
      let isAtEnd = ends[partition].map { $0.next == next && $0.offset >= high } ?? false
      lag.append((partition.topic, partition.partition, isAtEnd ? 0 : max(0, high - next)))
    }
    service.metrics.set(lag: lag)
    service.state.flushed(lag: lag.reduce(0) { $0 + $1.messages }, advanced: advanced, now: .now)
  }

  /// A partition at its end for `idle_after` holds no watermark back while this instance says so.
  func claimIdleness(_ now: SteadyTime) {
    let patience = service.configuration.kafka.idleAfter
    for (partition, end) in ends {
      guard intake.nextOffset(partition) == end.next else {
        ends[partition] = nil
        continue
      }
      guard now >= end.since + patience else { continue }
      intake.claimIdle(partition, lasting: patience * 2, at: started.duration(to: now))
    }
  }
}
