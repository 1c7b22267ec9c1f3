import LeewayCore
import Testing

@testable import LeewayService
@testable import LeewayWeb

@Suite struct MetricsAtStartTests {
  private static func lines(_ metrics: ServiceMetrics) -> [String] {
    String(decoding: metrics.render(), as: UTF8.self).split(separator: "\n").map(String.init)
  }

  @Test func whatCanHappenIsThereAtZero() {
    let metrics = MadeUpService.metrics()
    metrics.announce([MadeUpService.fraud], receivers: ["chat"])
    let lines = Self.lines(metrics)
    for series in [
      #"leeway_corrective_action_seconds_bucket{monitor="fraud",le="+Inf"}"#,
      #"leeway_deliveries_total{receiver="chat",outcome="dead"}"#,
      #"leeway_evaluation_seconds_count{monitor="fraud"}"#,
      #"leeway_events_rejected_total{monitor="fraud",reason="not_json"}"#,
      #"leeway_events_total{monitor="fraud",outcome="quarantined"}"#,
      #"leeway_flush_seconds_count"#,
      #"leeway_flushes_total{outcome="failed"}"#,
      #"leeway_incident_transitions_total{monitor="fraud",transition="opened"}"#,
      #"leeway_incidents{monitor="fraud",tier="critical",state="open"}"#,
      #"leeway_label_delay_seconds_bucket{monitor="fraud",le="+Inf"}"#,
      #"leeway_labels_total{monitor="fraud",outcome="orphaned"}"#,
      #"leeway_late_errors_total{monitor="fraud"}"#,
      #"leeway_outbox_oldest_seconds{receiver="chat"}"#,
      #"leeway_outbox_rows{receiver="chat",state="owed"}"#,
      #"leeway_partition_claims_total{outcome="failed"}"#,
      #"leeway_rebalances_total{outcome="lost"}"#,
      #"leeway_retrains_total{monitor="fraud",outcome="held"}"#,
      #"leeway_series_dropped_total{monitor="fraud"}"#,
      #"leeway_stage_seconds_total{stage="commit"}"#,
    ] { #expect(lines.contains("\(series) 0")) }
  }

  @Test func aMonitorWithoutLabelsOrRetrainsHasNoSeriesOfThem() {
    let metrics = MadeUpService.metrics()
    var monitor = MadeUpService.fraud
    monitor.labels = nil
    monitor.retrain = nil
    metrics.announce([monitor], receivers: [])
    let lines = Self.lines(metrics)
    #expect(lines.contains { $0.hasPrefix("leeway_events_total{") })
    for family in ["leeway_labels_total", "leeway_label_delay", "leeway_retrains_total", "leeway_corrective_action"] {
      #expect(!lines.contains { $0.hasPrefix(family) }, "\(family)")
    }
  }

  @Test func budgetsAreShownBeforeTheFirstHour() {
    let metrics = MadeUpService.metrics()
    var monitor = MadeUpService.fraud
    monitor.checks = [Check(name: "moved", on: .output, budgets: [ShiftBudget(.critical, 1, per: .quarter)])]
    metrics.announce([monitor], receivers: [])
    for family in ["leeway_shift_alarms_total", "leeway_shift_expected_alarms_total"] {
      #expect(Self.lines(metrics).contains(#"\#(family){monitor="fraud",check="moved",tier="critical"} 0"#))
    }
  }

  @Test func anAnnouncedGaugeStaysWhenNothingIsLeftToCount() {
    let metrics = MadeUpService.metrics()
    metrics.announce([MadeUpService.fraud], receivers: ["chat"])
    let owed = OutboxBacklog(receiver: "chat", owed: 2, dead: 0, oldest: MadeUpService.noon)
    metrics.set(outbox: [owed], now: MadeUpService.noon)
    #expect(Self.lines(metrics).contains(#"leeway_outbox_rows{receiver="chat",state="owed"} 2"#))
    metrics.set(outbox: [], now: MadeUpService.noon)
    #expect(Self.lines(metrics).contains(#"leeway_outbox_rows{receiver="chat",state="owed"} 0"#))
  }

  @Test func announcingAgainKeepsWhatWasCounted() {
    let metrics = MadeUpService.metrics()
    metrics.count(events: 3, .late, monitor: "fraud")
    metrics.announce([MadeUpService.fraud], receivers: [])
    #expect(Self.lines(metrics).contains(#"leeway_events_total{monitor="fraud",outcome="late"} 3"#))
    metrics.forget(monitor: "fraud")
    metrics.set(incidents: [])
    #expect(!Self.lines(metrics).contains { $0.contains("fraud") })
  }
}
