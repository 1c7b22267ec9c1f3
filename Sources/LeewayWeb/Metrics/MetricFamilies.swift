/// Every family but those that come from result lines: name, kind, labels and help, in the order of the names.
package enum MetricFamily: String, CaseIterable {
  case buildInfo = "leeway_build_info"
  case checkTier = "leeway_check_tier"
  case comparison = "leeway_comparison"
  case configLastReloadTimestamp = "leeway_config_last_reload_success_timestamp_seconds"
  case configLastReloadSuccessful = "leeway_config_last_reload_successful"
  case configOutdated = "leeway_config_outdated"
  case consumerLag = "leeway_consumer_lag"
  case correctiveAction = "leeway_corrective_action_seconds"
  case deadLetters = "leeway_dead_letters_total"
  case deliveriesDead = "leeway_deliveries_dead"
  case deliveries = "leeway_deliveries_total"
  case detectorChanges = "leeway_detector_changes_total"
  case drift = "leeway_drift"
  case evaluation = "leeway_evaluation_seconds"
  case events = "leeway_events_total"
  case eventsRejected = "leeway_events_rejected_total"
  case fieldUnseen = "leeway_field_unseen"
  case flush = "leeway_flush_seconds"
  case flushes = "leeway_flushes_total"
  case gaps = "leeway_gaps_total"
  case httpConnectionsCut = "leeway_http_connections_cut_total"
  case httpRequests = "leeway_http_requests_total"
  case incidentTransitions = "leeway_incident_transitions_total"
  case incidents = "leeway_incidents"
  case instances = "leeway_instances"
  case labelCoverage = "leeway_label_coverage_ratio"
  case labelDelay = "leeway_label_delay_seconds"
  case labels = "leeway_labels_total"
  case lateErrors = "leeway_late_errors_total"
  case ledgerDamagedCalls = "leeway_ledger_damaged_calls_total"
  case ledgerDamagedTables = "leeway_ledger_damaged_tables"
  case ledgerLook = "leeway_ledger_look_timestamp_seconds"
  case ledgerTablesLeft = "leeway_ledger_tables_left"
  case lostMessages = "leeway_lost_messages_total"
  case outboxOldest = "leeway_outbox_oldest_seconds"
  case outboxRows = "leeway_outbox_rows"
  case partitionClaims = "leeway_partition_claims_total"
  case partitionOwned = "leeway_partition_owned"
  case partitionWatermark = "leeway_partition_watermark_timestamp_seconds"
  case performance = "leeway_performance"
  case processResidentMemory = "leeway_process_resident_memory_bytes"
  case processStartTime = "leeway_process_start_time_seconds"
  case ready = "leeway_ready"
  case rebalances = "leeway_rebalances_total"
  case retrains = "leeway_retrains_total"
  case schemaHolds = "leeway_schema_held_partitions"
  case schemaRequests = "leeway_schema_requests_total"
  case seriesDropped = "leeway_series_dropped_total"
  case shiftAlarms = "leeway_shift_alarms_total"
  case shiftExpected = "leeway_shift_expected_alarms_total"
  case silencedMessages = "leeway_silenced_messages_total"
  case silences = "leeway_silences"
  case stageSeconds = "leeway_stage_seconds_total"
  case stalled = "leeway_stalled"
  case certificateExpiry = "leeway_tls_certificate_expiry_timestamp_seconds"
  case watermark = "leeway_watermark_timestamp_seconds"
  case windowRows = "leeway_window_rows"

  var kind: MetricKind {
    switch self {
    case .deadLetters, .deliveries, .detectorChanges, .events, .eventsRejected, .flushes, .gaps, .httpConnectionsCut,
      .httpRequests,
      .incidentTransitions, .labels, .lateErrors, .ledgerDamagedCalls, .lostMessages, .partitionClaims, .rebalances,
      .retrains, .schemaRequests,
      .seriesDropped, .shiftAlarms, .shiftExpected, .silencedMessages, .stageSeconds:
      .counter
    case .correctiveAction, .evaluation, .flush, .labelDelay: .histogram
    default: .gauge
    }
  }

  /// In the order in which a sample's values are given.
  var labelNames: [String] {
    switch self {
    case .certificateExpiry: []
    case .buildInfo: ["version", "swift", "librdkafka"]
    case .checkTier: ["monitor", "check", "stage"]
    case .comparison: ["monitor", "window", "slice", "metric", "statistic"]
    case .configLastReloadSuccessful, .configLastReloadTimestamp, .configOutdated, .flush, .instances,
      .ledgerDamagedCalls, .ledgerDamagedTables, .ledgerLook, .ledgerTablesLeft, .processResidentMemory,
      .processStartTime, .ready, .schemaHolds:
      []
    case .consumerLag: ["topic", "partition"]
    case .correctiveAction, .evaluation, .labelDelay, .lateErrors, .seriesDropped: ["monitor"]
    case .deliveriesDead: ["receiver", "monitor", "incident", "message"]
    case .deliveries, .silencedMessages: ["receiver", "outcome"]
    case .detectorChanges: ["monitor", "slice", "detector"]
    case .drift: ["monitor", "window", "slice", "subject", "metric"]
    case .deadLetters, .events, .labels, .retrains: ["monitor", "outcome"]
    case .eventsRejected: ["monitor", "reason"]
    case .fieldUnseen: ["monitor", "field"]
    case .flushes, .partitionClaims, .rebalances, .schemaRequests: ["outcome"]
    case .gaps: ["monitor", "topic", "partition", "decision"]
    case .httpConnectionsCut: ["reason"]
    case .httpRequests: ["route", "code"]
    case .incidentTransitions: ["monitor", "transition"]
    case .incidents: ["monitor", "tier", "state"]
    case .labelCoverage, .windowRows: ["monitor", "window", "slice"]
    case .lostMessages: ["monitor", "topic", "partition"]
    case .outboxOldest: ["receiver"]
    case .outboxRows: ["receiver", "state"]
    case .partitionOwned, .partitionWatermark: ["monitor", "topic", "partition"]
    case .performance: ["monitor", "window", "slice", "metric", "stage"]
    case .shiftAlarms, .shiftExpected: ["monitor", "check", "tier"]
    case .silences: ["state"]
    case .stageSeconds: ["stage"]
    case .stalled: ["part"]
    case .watermark: ["monitor", "stream"]
    }
  }

  var help: String {
    switch self {
    case .buildInfo: "Versions of the service, the Swift it was built with and the librdkafka it runs with; always 1."
    case .checkTier:
      "Worst tier over subjects and slices at the newest window end:"
        + " 0 ok, 1 info, 2 warning, 3 critical, -1 insufficient data."
    case .comparison:
      "The challenger beside the champion in the newest window: distance of their scores; of each performance metric"
        + " champion, challenger, difference, lower, upper and p_value."
    case .configLastReloadSuccessful: "Whether the last attempt to load the configuration succeeded."
    case .configLastReloadTimestamp: "When the configuration that is running was loaded."
    case .configOutdated: "Whether another instance runs a newer configuration, so that this one does no work."
    case .consumerLag: "Messages between the partition's end and what is committed to the ledger."
    case .correctiveAction: "Time from the request for a retrain to its outcome."
    case .deadLetters: "Attempts to write a rejected message to the dead-letter topic: delivered or failed."
    case .deliveriesDead:
      "Messages that were given up and not sent again, the newest 100: which message of which incident; always 1."
    case .deliveries: "Attempts to deliver a notification, by outcome: delivered, retried or dead."
    case .detectorChanges: "Changes of the errors' level that a detector of concept drift found."
    case .drift: "Distance between the newest closed window and the baseline."
    case .evaluation: "Time that one evaluation of a monitor took."
    case .events: "Predictions accepted, late or duplicate; messages, labels too, that were invalid or quarantined."
    case .eventsRejected: "Messages that were not counted, by reason."
    case .fieldUnseen: "Whether none of 1,000 or more predictions had a field that the monitor names."
    case .flush: "Time that one flush to the ledger took."
    case .flushes: "Flushes to the ledger by outcome: committed, fenced or failed."
    case .gaps: "Times that a partition's next offset was no longer at the broker, by decision: fail or skip."
    case .httpConnectionsCut:
      "Connections that the listener closed, by reason: slow_headers, slow_request, slow_reader, displaced or full."
    case .httpRequests: "HTTP requests answered, by route and status code."
    case .incidentTransitions: "Transitions of incidents."
    case .incidents: "Incidents that are not resolved, by highest tier and state."
    case .instances: "Instances that use the same ledger, this one too."
    case .labelCoverage: "Share of the newest window's predictions that have a label."
    case .labelDelay: "Time from a prediction to its label."
    case .labels:
      "Labels by outcome: matched, early, repeated, corrected, retracted, orphaned, expired, implausible, over_limit or passed_over."
    case .lateErrors: "Errors that came after the detectors of concept drift had seen their pane, and never reach them."
    case .ledgerDamagedCalls: "Calls to the ledger that met damaged bytes; they are made again."
    case .ledgerDamagedTables: "Tables of the SQLite ledger in which the last look through its pages found damage."
    case .ledgerLook: "When the pages of the SQLite ledger were last looked through."
    case .ledgerTablesLeft:
      "Tables of the SQLite ledger that the last look through its pages did not come to the end of."
    case .lostMessages: "Messages that were gone from the broker before they were read, and were skipped."
    case .outboxOldest: "Age of the oldest notification that a receiver is still owed."
    case .outboxRows: "Notifications that a receiver is owed, and those given up as dead letters."
    case .partitionClaims: "Attempts to claim partitions in the ledger, by outcome: claimed or failed."
    case .partitionOwned: "The partitions that this instance reads for a monitor; always 1."
    case .partitionWatermark: "Highest event time of a partition that this instance reads."
    case .performance: "Performance of the newest window from the labels so far, at stage early or final."
    case .processResidentMemory: "Resident memory of the process."
    case .processStartTime: "When the process started, in seconds since 1970."
    case .ready: "Whether every readiness condition holds."
    case .rebalances: "Rebalances that gave or took partitions, by outcome: assigned, revoked or lost."
    case .retrains: "Retrains by outcome."
    case .schemaHolds: "Partitions whose next message waits until the schema registry says what its schema is."
    case .schemaRequests: "Questions to the schema registry, by outcome: found, unusable, unknown or failed."
    case .seriesDropped:
      "Series left out of an update because of max_series, by the plan that leeway check prints; the API has them."
    case .shiftAlarms: "Shifts that a check has opened, by tier: what it has spent of its budget."
    case .shiftExpected: "False alarms that the budget of a check on shift allows for the hours judged, by tier."
    case .silencedMessages:
      "Messages that began to wait for a silence or maintenance (held), and those that were not sent because of one (unsent)."
    case .silences: "Silences that are active, and those that begin later (pending)."
    case .stageSeconds: "Time of the threads that read Kafka, by stage: wait, poll, decode, aggregate or commit."
    case .stalled: "Whether a part (intake, evaluation, delivery) has stood still for longer than limits.stall_after."
    case .certificateExpiry: "When the certificate that the listener shows expires; +Inf without HTTPS."
    case .watermark: "Event time up to which a stream has been read."
    case .windowRows: "Messages in the newest closed window."
    }
  }
}
