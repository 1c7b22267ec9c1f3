/// What to watch: one model's predictions, its labels, and the checks on them. The parsed and validated form of one
/// file in `monitors/`.
public struct Monitor: Sendable, Equatable {
  /// Unique, `[a-z0-9-]{1,63}`.
  public var name: String
  public var task: ModelTask
  public var predictions: PredictionStream
  public var labels: LabelStream?
  /// Binary: a score at or above it is a positive decision.
  public var threshold: Double
  public var features: [Feature]
  public var segments: [Segment]
  /// Values of one segment (and versions) that get a slice of their own; the rest share `__other__`.
  public var maximumSegments: Int
  /// Path of the baseline file, as resolved against the monitor file's folder; nil while only `baseline fit` needs it.
  public var baselinePath: String?
  /// Compare with the baseline's same phase of this period. Parsed; not used before the block null exists.
  public var season: TimeSpan?
  /// Length of a pane; divides every window's size and every.
  public var pane: TimeSpan
  public var windows: [WindowDefinition]
  /// How far behind its partition's watermark an event may be and still count.
  public var lateness: TimeSpan
  /// How far an event's time may lie ahead of its Kafka record's timestamp.
  public var skew: TimeSpan
  public var checks: [Check]
  /// Receivers' names for each tier.
  public var alerts: [Tier: [String]]
  public var retrain: RetrainPolicy?

  public init(
    name: String, task: ModelTask, predictions: PredictionStream, labels: LabelStream? = nil, threshold: Double = 0.5,
    features: [Feature], segments: [Segment] = [], maximumSegments: Int = 100, baselinePath: String? = nil,
    season: TimeSpan? = nil, pane: TimeSpan, windows: [WindowDefinition], lateness: TimeSpan,
    skew: TimeSpan, checks: [Check] = [], alerts: [Tier: [String]] = [:], retrain: RetrainPolicy? = nil
  ) {
    self.name = name
    self.task = task
    self.predictions = predictions
    self.labels = labels
    self.threshold = threshold
    self.features = features
    self.segments = segments
    self.maximumSegments = maximumSegments
    self.baselinePath = baselinePath
    self.season = season
    self.pane = pane
    self.windows = windows
    self.lateness = lateness
    self.skew = skew
    self.checks = checks
    self.alerts = alerts
    self.retrain = retrain
  }

  /// The subject name of the model's output: `score` for a binary model, else `prediction`.
  public var outputName: String { task == .binary ? "score" : "prediction" }

  public func window(named name: String) -> WindowDefinition? { windows.first { $0.name == name } }
}

/// What the model predicts.
public enum ModelTask: String, Sendable, CaseIterable {
  case binary, multiclass, regression
}

/// Where predictions come from and which fields of a message mean what.
public struct PredictionStream: Sendable, Equatable {
  public var topic: String
  /// The prediction's id; needed where labels are joined.
  public var id: FieldPath?
  public var time: FieldPath
  public var timeFormat: TimeFormat
  public var version: FieldPath?
  /// Binary: the score in [0, 1]. Regression: the number. Multiclass: the class.
  public var output: FieldPath
  /// Multiclass: an object of class to probability.
  public var probabilities: FieldPath?

  public init(
    topic: String, id: FieldPath?, time: FieldPath, timeFormat: TimeFormat, version: FieldPath? = nil,
    output: FieldPath, probabilities: FieldPath? = nil
  ) {
    self.topic = topic
    self.id = id
    self.time = time
    self.timeFormat = timeFormat
    self.version = version
    self.output = output
    self.probabilities = probabilities
  }
}

/// Where ground truth comes from, and how long it may take.
public struct LabelStream: Sendable, Equatable {
  public var topic: String
  public var id: FieldPath
  public var time: FieldPath
  public var timeFormat: TimeFormat
  public var value: FieldPath
  /// A label counts if its time is at most the prediction's time plus this.
  public var horizon: TimeSpan
  /// The value of a prediction that has no label at its horizon.
  public var absent: LabelValue?
  /// The text or number that means 1 (binary); anything else is 0. Without it a binary label is 0, 1, false or true.
  public var positive: String?
  /// Below this share of labelled predictions a mature window is `insufficient_data`.
  public var minimumCoverage: Double

  public init(
    topic: String, id: FieldPath, time: FieldPath, timeFormat: TimeFormat, value: FieldPath, horizon: TimeSpan,
    absent: LabelValue? = nil, positive: String? = nil, minimumCoverage: Double = 0.8
  ) {
    self.topic = topic
    self.id = id
    self.time = time
    self.timeFormat = timeFormat
    self.value = value
    self.horizon = horizon
    self.absent = absent
    self.positive = positive
    self.minimumCoverage = minimumCoverage
  }
}

/// An outcome as the model's task understands it.
public enum LabelValue: Sendable, Hashable {
  /// Binary 0 or 1, regression the target.
  case number(Double)
  /// Multiclass: the class's name.
  case category(String)
}

/// One input of the model.
public struct Feature: Sendable, Equatable {
  public enum Kind: String, Sendable { case numeric, categorical }

  public var name: String
  public var kind: Kind
  /// Where it is in a message; the name itself unless the file says otherwise.
  public var field: FieldPath
  /// Numeric: values outside are invalid.
  public var range: ClosedRange<Double>?

  public init(name: String, kind: Kind, field: FieldPath, range: ClosedRange<Double>? = nil) {
    self.name = name
    self.kind = kind
    self.field = field
    self.range = range
  }
}

/// A field whose every value is a slice.
public struct Segment: Sendable, Equatable {
  public var name: String
  public var field: FieldPath

  public init(name: String, field: FieldPath) {
    self.name = name
    self.field = field
  }
}

/// Consecutive panes merged: ends are the multiples of `every` since the epoch, a window covers `[end - size, end)`.
public struct WindowDefinition: Sendable, Equatable {
  public var name: String
  public var size: TimeSpan
  public var every: TimeSpan

  public init(name: String, size: TimeSpan, every: TimeSpan) {
    self.name = name
    self.size = size
    self.every = every
  }
}

/// When a retrain may be asked for, and what a retrained model must reach.
public struct RetrainPolicy: Sendable, Equatable {
  /// A line of the scorecard: the metric must be at least, at most, or both.
  public struct Bound: Sendable, Equatable {
    public var metric: String
    public var atLeast: Double?
    public var atMost: Double?

    public init(metric: String, atLeast: Double? = nil, atMost: Double? = nil) {
      self.metric = metric
      self.atLeast = atLeast
      self.atMost = atMost
    }
  }

  /// Least time between two retrains of one monitor.
  public var cooldown: TimeSpan
  public var maximumPerWeek: Int
  /// From the request to a corrective action.
  public var deadline: TimeSpan
  public var approvalRequired: Bool
  public var scorecard: [Bound]

  public init(
    cooldown: TimeSpan, maximumPerWeek: Int, deadline: TimeSpan, approvalRequired: Bool = true, scorecard: [Bound] = []
  ) {
    self.cooldown = cooldown
    self.maximumPerWeek = maximumPerWeek
    self.deadline = deadline
    self.approvalRequired = approvalRequired
    self.scorecard = scorecard
  }
}
