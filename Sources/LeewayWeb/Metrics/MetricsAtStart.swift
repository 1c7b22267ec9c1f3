package import LeewayCore

extension ServiceMetrics {
  /// Shows what can happen to these monitors and receivers before it does, so that dashboards of a young service are not
  /// empty. Series that come from messages (slices, subjects, checks) begin with the first window.
  package func announce(_ monitors: some Sequence<Monitor>, receivers: some Sequence<String>) {
    announce(.ledgerDamagedCalls, [[]])
    announce(.httpConnectionsCut, ConnectionCut.allCases.map { [$0.rawValue] })
    announce(.flushes, FlushOutcome.allCases.map { [$0.rawValue] })
    announce(.flush, [], empty: .work)
    announce(.rebalances, RebalanceOutcome.allCases.map { [$0.rawValue] })
    announce(.stageSeconds, IntakeStage.allCases.map { [$0.rawValue] })
    announce(.partitionClaims, ClaimOutcome.allCases.map { [$0.rawValue] })
    announce(.silences, [SilenceState.active, .pending].map { [$0.rawValue] })
    for monitor in monitors { announce(monitor) }
    for receiver in receivers {
      announce(.deliveries, DeliveryOutcome.allCases.map { [receiver, $0.rawValue] })
      announce(.outboxRows, [DeliveryState.owed, .dead].map { [receiver, $0.rawValue] })
      announce(.outboxOldest, [[receiver]])
      announce(.silencedMessages, SilencedOutcome.allCases.map { [receiver, $0.rawValue] })
    }
  }

  /// Where a schema registry is configured.
  package func announceSchemas() {
    announce(.schemaRequests, ["failed", "found", "unknown", "unusable"].map { [$0] })
    announce(.schemaHolds, [[]])
  }

  private func announce(_ monitor: Monitor) {
    let name = monitor.name
    announce(.events, EventOutcome.allCases.map { [name, $0.rawValue] })
    announce(.eventsRejected, [[name, DecodeFailure.notJSON.code]])
    announce(.deadLetters, [[name, "delivered"], [name, "failed"]])
    announce(.evaluation, [name], empty: .work)
    announce(.incidentTransitions, ["opened", "escalated", "spread", "resolved"].map { [name, $0] })
    announce(.incidents, [[name, Tier.critical.name, IncidentState.open.rawValue]])
    announce(.seriesDropped, [[name]])
    announce(.lateErrors, [[name]])
    announce(.detectorChanges, monitor.detectors.map { [name, $0.slice, $0.method] })
    for check in monitor.checks where check.metric == .shift {
      for budget in check.budgets {
        announce(.shiftAlarms, [[name, check.name, budget.tier.name]])
        announce(.shiftExpected, [[name, check.name, budget.tier.name]])
      }
    }
    if monitor.labels != nil {
      announce(.labels, LabelOutcome.allCases.map { [name, $0.rawValue] })
      announce(.labelDelay, [name], empty: .labelDelay)
    }
    if monitor.retrain != nil {
      let outcomes = [RetrainState.requested, .succeeded, .failed].map(\.rawValue) + ["held"]
      announce(.retrains, outcomes.map { [name, $0] })
      announce(.correctiveAction, [name], empty: .correctiveAction)
    }
  }
}
