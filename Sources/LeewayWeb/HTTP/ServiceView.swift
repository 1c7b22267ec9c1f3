package import LeewayCore

/// Everything that HTTP may see and do, as one value. The assembly fills it with the running service, tests with
/// made-up content; nothing in this folder reaches further.
///
/// `monitors`, `readiness`, `stalledParts` and `now` answer at once from snapshots. Everything else may block and is
/// called only from ``LedgerThreads``.
package struct ServiceView: Sendable {
  package var ledger: any Ledger
  /// The configured monitors and where they stand, in the order of their names.
  package var monitors: @Sendable () -> [MonitorView]
  /// The lines of windows that are still open, computed from committed state. The query's filters, `after` and
  /// `limit` are applied and the order is that of ``ResultPosition``. Blocks.
  package var openResults: @Sendable (ResultQuery) throws -> [ResultRecord]
  /// One subject's distribution in the window that ends at the given time, the newest closed one if nil; nil if there
  /// is no such window, slice or subject, or it holds no rows. Blocks.
  package var histogram:
    @Sendable (_ monitor: String, _ window: String, _ slice: String, _ subject: String, _ end: EventTime?) throws ->
      SubjectHistogram?
  /// What must hold before the service is ready; ready if all do.
  package var readiness: @Sendable () -> [ReadinessCondition]
  /// Parts of the service that stand still.
  package var stalledParts: @Sendable () -> Set<ServicePart>
  package var metrics: ServiceMetrics
  /// Whether a callback token is good for a retrain at a moment of wall-clock time. Blocks (the service's key is in the
  /// ledger).
  package var verifyCallback: @Sendable (_ retrain: String, _ token: String, _ now: EventTime) throws -> CallbackVerdict
  /// Whom incidents tell of what a trainer's answer makes of them. Answers at once.
  package var decisions: @Sendable () -> DecisionContext
  /// Loads the configuration again. The argument says who asks, for the log.
  package var reload: @Sendable (_ origin: String) async -> Result<SetupChange, ReloadRefusal>
  /// Where changes that people ask for are written down.
  package var audit: AuditLog
  /// Wall-clock time.
  package var now: @Sendable () -> EventTime
  /// The service's own version.
  package var version: String

  package init(
    ledger: any Ledger,
    monitors: @escaping @Sendable () -> [MonitorView],
    openResults: @escaping @Sendable (ResultQuery) throws -> [ResultRecord],
    histogram:
      @escaping @Sendable (_ monitor: String, _ window: String, _ slice: String, _ subject: String, _ end: EventTime?)
      throws -> SubjectHistogram?,
    readiness: @escaping @Sendable () -> [ReadinessCondition],
    stalledParts: @escaping @Sendable () -> Set<ServicePart> = { [] },
    metrics: ServiceMetrics,
    verifyCallback:
      @escaping @Sendable (_ retrain: String, _ token: String, _ now: EventTime) throws -> CallbackVerdict,
    decisions: @escaping @Sendable () -> DecisionContext = { DecisionContext() },
    reload: @escaping @Sendable (_ origin: String) async -> Result<SetupChange, ReloadRefusal> = { _ in
      .failure(ReloadRefusal(problems: ["this service was not started from files; there is nothing to reload"]))
    },
    audit: AuditLog,
    now: @escaping @Sendable () -> EventTime,
    version: String
  ) {
    self.ledger = ledger
    self.monitors = monitors
    self.openResults = openResults
    self.histogram = histogram
    self.readiness = readiness
    self.stalledParts = stalledParts
    self.metrics = metrics
    self.verifyCallback = verifyCallback
    self.decisions = decisions
    self.reload = reload
    self.audit = audit
    self.now = now
    self.version = version
  }
}

/// A monitor as configured, and where it stands.
package struct MonitorView: Sendable {
  package var monitor: Monitor
  /// nil before its first flush.
  package var generation: GenerationRecord?
  /// The baseline's `sha256:…`.
  package var baseline: String
  /// Training rows in the baseline.
  package var baselineRows: Int64
  /// Whether the baseline has what estimates of performance rest on.
  package var estimates: Bool
  /// The model's performance on the baseline's labelled rows, by metric, which limits of a change are measured from.
  package var baselinePerformance: [String: Double] = [:]
  /// Least watermark of the prediction partitions that hold it back; nil before the first event.
  package var watermark: EventTime?
  /// For the label partitions; nil without labels or before the first.
  package var labelWatermark: EventTime?
  package var progress: EvaluationProgress?
  /// Versions that the newest windows hold, ascending by bytes.
  package var versions: [String]
  /// Ordered by (topic, partition).
  package var partitions: [PartitionRecord]
  /// Earlier generations whose predictions still wait for labels, the oldest first.
  package var draining: [Draining] = []

  package struct Draining: Sendable, Equatable {
    package var generation: String
    /// The baseline's `sha256:…`.
    package var baseline: String
    /// Its last window ends at or before this.
    package var until: EventTime
    /// Its last final verdict is given when the labels' watermark gets there.
    package var due: EventTime

    package init(generation: String, baseline: String, until: EventTime, due: EventTime) {
      self.generation = generation
      self.baseline = baseline
      self.until = until
      self.due = due
    }
  }

  package init(
    monitor: Monitor, generation: GenerationRecord? = nil, baseline: String, baselineRows: Int64,
    estimates: Bool = false,
    watermark: EventTime? = nil, labelWatermark: EventTime? = nil, progress: EvaluationProgress? = nil,
    versions: [String] = [], partitions: [PartitionRecord] = []
  ) {
    self.monitor = monitor
    self.generation = generation
    self.baseline = baseline
    self.baselineRows = baselineRows
    self.estimates = estimates
    self.watermark = watermark
    self.labelWatermark = labelWatermark
    self.progress = progress
    self.versions = versions
    self.partitions = partitions
  }
}

/// One thing that must hold before the service is ready.
package struct ReadinessCondition: Sendable, Equatable {
  /// Short and stable: `configured`, `ledger`, `partitions`, `no_gap`, `schemas_known`, `no_damage`, `dead_letters`, `no_stall`.
  package var name: String
  package var holds: Bool
  /// Why not, and what to do; or a word on how it holds.
  package var detail: String

  package init(name: String, holds: Bool, detail: String = "") {
    self.name = name
    self.holds = holds
    self.detail = detail
  }
}

/// What a callback token turned out to be.
package enum CallbackVerdict: Sendable, Equatable {
  case valid
  /// Not made for this retrain by this service.
  case wrong
  /// Good once; the deadline has passed.
  case expired
}
