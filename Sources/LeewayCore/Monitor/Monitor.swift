package import LeewayStatistics

/// What to watch: one model's predictions, its labels, and the checks on them. The parsed and validated form of one
/// file in `monitors/`.
package struct Monitor: Sendable, Equatable {
  /// Unique, `[a-z0-9-]{1,63}`.
  package var name: String
  package var task: ModelTask
  package var predictions: PredictionStream
  package var labels: LabelStream?
  /// Binary: a score at or above it is a positive decision.
  package var threshold: Double
  package var features: [Feature]
  package var segments: [Segment]
  /// Values of one segment (and versions) that get a slice of their own; the rest share `__other__`.
  package var maximumSegments: Int
  /// Most knots of a numeric subject: how finely `baseline fit` resolves it.
  package var resolution: Int
  /// Categories of a categorical subject with a bin of their own; the rest share `__other__`.
  package var maximumCategories: Int
  /// Path of the baseline file, as resolved against the monitor file's folder; nil while only `baseline fit` needs it.
  package var baselinePath: String?
  /// Length of a pane; divides every window's size and every.
  package var pane: TimeSpan
  package var windows: [WindowDefinition]
  /// How far behind its partition's watermark an event may be and still count.
  package var lateness: TimeSpan
  /// How far an event's time may lie ahead of its Kafka record's timestamp.
  package var skew: TimeSpan
  package var checks: [Check]
  /// Receivers' names for each tier.
  package var alerts: [Tier: [String]]
  /// By the time after which they come.
  package var escalations: [EscalationStep]
  /// After which time, and again after each such time, those who have heard of an incident are reminded of it while no person has
  /// acknowledged it, in time in which the service runs; nil: never.
  package var reminder: TimeSpan?
  package var incidents = IncidentPolicy()
  package var retrain: RetrainPolicy?
  /// Two versions that are held against each other.
  package var comparison: VersionComparison?
  /// Slices whose Prometheus series are exported, beside `all` and versions.
  package var series: SeriesChoice
  /// IANA's name of the zone of `excluded` and of the hours of the week.
  package var timeZone = "UTC"
  /// The zone's offsets.
  package var calendar = ShiftCalendar.utc
  /// Local days, counted from 1970-01-01, that `shift` neither learns from nor judges; ascending, apart.
  package var excluded: [ClosedRange<Int>] = []
  /// What `shift` takes for an hour; only tests have another.
  package var shiftHour = TimeSpan.hours(1)
  /// Changes that are made in what is read; only a backtest has some.
  package var injections: [Injection] = []

  package init(
    name: String, task: ModelTask, predictions: PredictionStream, labels: LabelStream? = nil, threshold: Double = 0.5,
    features: [Feature], segments: [Segment] = [], maximumSegments: Int = 100, resolution: Int = 1024,
    maximumCategories: Int = 1000, baselinePath: String? = nil, pane: TimeSpan,
    windows: [WindowDefinition], lateness: TimeSpan,
    skew: TimeSpan, checks: [Check] = [], alerts: [Tier: [String]] = [:],
    escalations: [EscalationStep] = [], retrain: RetrainPolicy? = nil,
    comparison: VersionComparison? = nil, series: SeriesChoice = .all
  ) {
    self.name = name
    self.task = task
    self.predictions = predictions
    self.labels = labels
    self.threshold = threshold
    self.features = features
    self.segments = segments
    self.maximumSegments = maximumSegments
    self.resolution = resolution
    self.maximumCategories = maximumCategories
    self.baselinePath = baselinePath
    self.pane = pane
    self.windows = windows
    self.lateness = lateness
    self.skew = skew
    self.checks = checks
    self.alerts = alerts
    self.escalations = escalations
    self.retrain = retrain
    self.comparison = comparison
    self.series = series
  }

  /// Whether anything waits for people.
  package var hasTimers: Bool { !escalations.isEmpty || reminder != nil }

  /// The subject name of the model's output: `score` for a binary model, else `prediction`.
  package var outputName: String { task == .binary ? "score" : "prediction" }

  /// How much earlier than its prediction a label may be: by what events may be late and clocks be wrong, or more where the
  /// monitor says so.
  package var labelLead: TimeSpan { max(lateness + skew, labels?.labelBefore ?? .zero) }

  package func window(named name: String) -> WindowDefinition? { windows.first { $0.name == name } }
}

/// What the model predicts.
package enum ModelTask: String, Sendable, CaseIterable {
  case binary, multiclass, regression
}

/// Values of segments whose Prometheus series are exported. Slice `all` and versions always are.
package enum SeriesChoice: String, Sendable, CaseIterable {
  /// Each, as far as there is room.
  case all
  /// What checks use in them.
  case checks
  /// No value.
  case none
}

/// Where predictions come from and which fields of a message mean what.
package struct PredictionStream: Sendable, Equatable {
  package var topic: String
  /// The array of a message that has an element for each prediction; nil: a message is one.
  package var rows: FieldPath?
  /// The schemas that messages are in; nil: they are JSON.
  package var schemas: MessageSchemas?
  /// Whether text may be a number.
  package var isLenient = false
  /// The prediction's id, of one field or several; needed where labels are joined, else it may be empty.
  package var id: [FieldPath]
  package var time: FieldPath
  package var timeFormat: TimeFormat
  package var version: FieldPath?
  /// Binary: the score in [0, 1]. Regression: the number. Multiclass: the class.
  package var output: FieldPath
  /// Multiclass: an object of class to probability, or where `classes` are named an array of probabilities.
  package var probabilities: FieldPath?
  /// Multiclass: the names of the classes in the order in which the model gives their probabilities, all different.
  package var classes: [String]?

  package init(
    topic: String, id: [FieldPath], time: FieldPath, timeFormat: TimeFormat, version: FieldPath? = nil,
    output: FieldPath, probabilities: FieldPath? = nil, classes: [String]? = nil
  ) {
    self.topic = topic
    self.id = id
    self.time = time
    self.timeFormat = timeFormat
    self.version = version
    self.output = output
    self.probabilities = probabilities
    self.classes = classes
  }
}

extension PredictionStream {
  /// Whether the id is the same for all rows of a message, so that the row's index is a further part of it.
  package var hasIndexInID: Bool { Self.hasIndex(id, rows) }

  /// How many parts an id has.
  package var idParts: Int { id.count + (hasIndexInID ? 1 : 0) }

  fileprivate static func hasIndex(_ id: [FieldPath], _ rows: FieldPath?) -> Bool {
    rows != nil && !id.isEmpty && !id.contains(where: \.isOfRow)
  }
}

extension Monitor {
  /// The same over files, which are JSON Lines whatever the topics have.
  package var overFiles: Monitor {
    var monitor = self
    monitor.predictions.schemas = nil
    monitor.labels?.schemas = nil
    return monitor
  }

  /// Whether predictions have fields that are of their record and not of its value.
  package var readsRecords: Bool {
    let fields =
      predictions.id + [predictions.time, predictions.output]
      + [predictions.version, predictions.probabilities].compactMap { $0 }
    return (fields + features.map(\.field) + segments.map(\.field)).contains { $0.root == .record }
  }
}

extension LabelStream {
  /// Whether labels have fields that are of their record and not of its value.
  package var readsRecords: Bool {
    (id + [time, value] + conditions.map(\.field)).contains { $0.root == .record }
  }

  /// Whether the id is the same for all rows of a message, so that the row's index is a further part of it.
  package var hasIndexInID: Bool { PredictionStream.hasIndex(id, rows) }

  /// How many parts an id has.
  package var idParts: Int { id.count + (hasIndexInID ? 1 : 0) }
}

/// Where ground truth comes from, and how long it may take.
package struct LabelStream: Sendable, Equatable {
  /// What a field must say for a message to be of this monitor.
  package struct Condition: Sendable, Equatable {
    package var field: FieldPath
    /// Any of these texts; numbers and booleans are taken by their shortest text.
    package var values: [String]

    package init(field: FieldPath, values: [String]) {
      self.field = field
      self.values = values
    }
  }

  package var topic: String
  /// As many fields as predictions have, in the same order.
  package var id: [FieldPath]
  package var time: FieldPath
  package var timeFormat: TimeFormat
  package var value: FieldPath
  /// A label counts if its time is at most the prediction's time plus this.
  package var horizon: TimeSpan
  /// Performance is judged a first time when predictions are so old, by the labels up to then; above 0 and below the
  /// horizon. nil: at the horizon only.
  package var early: TimeSpan?
  /// How much earlier than its prediction a label may be, for those who label first.
  package var labelBefore: TimeSpan?
  /// The array of a message that has an element for each label; nil: a message is one.
  package var rows: FieldPath?
  /// The schemas that messages are in; nil: they are JSON.
  package var schemas: MessageSchemas?
  /// Whether text may be a number.
  package var isLenient = false
  /// The value of a prediction that has no label at its horizon.
  package var absent: LabelValue?
  /// The text or number that means 1 (binary); anything else is 0. Without it a binary label is 0, 1, false or true.
  package var positive: String?
  /// Below this share of labelled predictions a mature window is `insufficient_data`.
  package var minimumCoverage: Double
  /// What tells this monitor's messages from others in the topic, all of which must hold; the others are passed over.
  package var conditions: [Condition]
  /// Messages carry several models' outcomes: one without this monitor's value is passed over, not refused.
  package var isShared: Bool
  /// The share of ids, in (0, 1], that predictions and labels are joined of.
  package var sample: Double

  package init(
    topic: String, id: [FieldPath], time: FieldPath, timeFormat: TimeFormat, value: FieldPath, horizon: TimeSpan,
    early: TimeSpan? = nil, labelBefore: TimeSpan? = nil, absent: LabelValue? = nil, positive: String? = nil,
    minimumCoverage: Double = 0.8,
    conditions: [Condition] = [],
    isShared: Bool = false, sample: Double = 1
  ) {
    self.topic = topic
    self.id = id
    self.time = time
    self.timeFormat = timeFormat
    self.value = value
    self.horizon = horizon
    self.early = early
    self.labelBefore = labelBefore
    self.absent = absent
    self.positive = positive
    self.minimumCoverage = minimumCoverage
    self.conditions = conditions
    self.isShared = isShared
    self.sample = sample
  }

  /// How long after its prediction a label may come to count at a stage.
  func longestDelay(at stage: Stage) -> TimeSpan { stage == .early ? early ?? horizon : horizon }
}

/// An outcome as the model's task understands it.
package enum LabelValue: Sendable, Hashable {
  /// Binary 0 or 1, regression the target.
  case number(Double)
  /// Multiclass: the class's name.
  case category(String)
}

/// One input of the model.
package struct Feature: Sendable, Equatable {
  package enum Kind: String, Sendable, CaseIterable { case numeric, categorical }

  package var name: String
  package var kind: Kind
  /// Where it is in a message; the name itself unless the file says otherwise.
  package var field: FieldPath
  /// Numeric: values outside are invalid.
  package var range: ClosedRange<Double>?
  /// Categorical: empty text is a category, as it is where a form was left empty on purpose. Else it is missing.
  package var emptyIsCategory: Bool

  package init(
    name: String, kind: Kind, field: FieldPath, range: ClosedRange<Double>? = nil, emptyIsCategory: Bool = false
  ) {
    self.name = name
    self.kind = kind
    self.field = field
    self.range = range
    self.emptyIsCategory = emptyIsCategory
  }
}

/// A field whose every value is a slice.
package struct Segment: Sendable, Equatable {
  package var name: String
  package var field: FieldPath

  package init(name: String, field: FieldPath) {
    self.name = name
    self.field = field
  }
}

/// Consecutive panes merged: ends are the multiples of `every` since the epoch, a window covers `[end - size, end)`.
///
/// Example: of size 1h and every 5m, the window that ends at 10:05 has the events from 09:05 to before 10:05.
package struct WindowDefinition: Sendable, Equatable {
  package var name: String
  package var size: TimeSpan
  package var every: TimeSpan

  package init(name: String, size: TimeSpan, every: TimeSpan) {
    self.name = name
    self.size = size
    self.every = every
  }

  /// From one window to the next that shares no pane with it: the size, rounded up to a multiple of `every`.
  package var apart: TimeSpan {
    TimeSpan(milliseconds: (size.milliseconds + every.milliseconds - 1) / every.milliseconds * every.milliseconds)
  }
}

/// Two versions of one model: the one that serves and the one that may take its place, in shadow (both score every id) or as
/// a canary (each scores a share).
package struct VersionComparison: Sendable, Equatable {
  package var champion: String
  package var challenger: String

  package init(champion: String, challenger: String) {
    self.champion = champion
    self.challenger = challenger
  }
}
