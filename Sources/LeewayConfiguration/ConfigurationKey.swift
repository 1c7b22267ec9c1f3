import LeewayCore

/// One key of a monitor file or of `leeway.yaml`: what it takes, what holds without it, and what it is for.
///
/// Ranges and defaults are read from here by the code that reads the files, and printed from here by `leeway keys`.
struct ConfigurationKey: Sendable {
  enum Kind: Sendable {
    case span(ClosedRange<TimeSpan>, TimeSpan?)
    case number(ClosedRange<Double>, Double?)
    case integer(ClosedRange<Int64>, Int64?)
    /// A size in bytes.
    case bytes(ClosedRange<Int64>, Int64?)
    case truth(Bool)
    case choice([String], String? = nil)
    /// Anything else: what it takes and what holds without it, in the words of the documents.
    case other(String, String?)
  }

  let name: String
  /// The last of it is what holds without the key; nil: nothing does, or `without` says what.
  let kind: Kind
  /// What holds without the key, in words, where that is no one value.
  var without: String?
  var isRequired = false
  /// One line for the documents.
  let help: String

  init(_ name: String, _ kind: Kind, without: String? = nil, required: Bool = false, _ help: String) {
    self.name = name
    self.kind = kind
    self.without = without
    isRequired = required
    self.help = help
  }
}

extension ConfigurationKey.Kind {
  static func choice<T: RawRepresentable<String> & CaseIterable>(_ type: T.Type, _ standard: T? = nil) -> Self {
    .choice(type.allCases.map(\.rawValue), standard?.rawValue)
  }
}

/// A map of a monitor file or of `leeway.yaml` whose keys are fixed. A map is read by its section, and a key that the section
/// does not describe is not accepted, so that there is no key without a description.
///
/// The raw value is the path to the map, names and places left open: `checks[].TIER`, `receivers.NAME`.
enum ConfigurationSection: String, CaseIterable {
  // A monitor file, in the order in which it is read.
  case monitor = ""
  case predictions, predictionFields = "predictions.fields"
  case labels, labelFields = "labels.fields"
  case compare
  case feature = "features.NAME"
  case window = "windows[]"
  case check = "checks[]", limit = "checks[].TIER"
  case alerts, escalation = "alerts.escalate[]", flapping = "alerts.flapping"
  case retrain, scorecard = "retrain.scorecard.METRIC"
  case series
  // leeway.yaml
  case service = "leeway.yaml"
  case kafka
  case schemaRegistry = "schema_registry"
  case http, tls = "http.tls"
  case receiver = "receivers.NAME"
  case limits, evaluation
  case maintenance = "maintenance[]", maintenanceMatchers = "maintenance[].matchers"

  static let ofMonitor = Array(allCases.prefix { $0 != .service })
  static let ofService = Array(allCases.drop { $0 != .service })

  /// In the order in which the documents list them.
  var keys: [ConfigurationKey] {
    switch self {
    case .monitor: MonitorReading.keys
    case .predictions: MonitorReading.predictionKeys
    case .predictionFields: MonitorReading.predictionFieldKeys
    case .labels: MonitorReading.labelKeys
    case .labelFields: MonitorReading.labelFieldKeys
    case .compare: MonitorReading.compareKeys
    case .feature: MonitorReading.featureKeys
    case .window: MonitorReading.windowKeys
    case .check: MonitorReading.checkKeys
    case .limit: MonitorReading.limitKeys
    case .alerts: MonitorReading.alertKeys
    case .escalation: MonitorReading.escalationKeys
    case .flapping: MonitorReading.flappingKeys
    case .retrain: MonitorReading.retrainKeys
    case .scorecard: MonitorReading.scorecardKeys
    case .series: MonitorReading.seriesKeys
    case .service: ServiceConfigurationReading.keys
    case .kafka: ServiceConfigurationReading.kafkaKeys
    case .schemaRegistry: ServiceConfigurationReading.schemaRegistryKeys
    case .http: ServiceConfigurationReading.httpKeys
    case .tls: ServiceConfigurationReading.tlsKeys
    case .receiver: ServiceConfigurationReading.receiverKeys
    case .limits: ServiceConfigurationReading.limitKeys
    case .evaluation: ServiceConfigurationReading.evaluationKeys
    case .maintenance: ServiceConfigurationReading.maintenanceKeys
    case .maintenanceMatchers: ServiceConfigurationReading.maintenanceMatcherKeys
    }
  }

  func key(_ name: String) -> ConfigurationKey? { keys.first { $0.name == name } }
}

// Values of keys with a range and a default, as the section has them; nil after a mistake has been reported, and where
// neither the file nor the section has a value.
extension ConfigurationMap {
  func span(_ key: String) -> TimeSpan? {
    guard case .span(let range, let standard)? = section?.key(key)?.kind else { return nil }
    return value(key).map { $0.span(in: range) } ?? standard
  }

  func number(_ key: String) -> Double? {
    guard case .number(let range, let standard)? = section?.key(key)?.kind else { return nil }
    return value(key).map { $0.number(in: range) } ?? standard
  }

  func integer(_ key: String) -> Int64? {
    guard case .integer(let range, let standard)? = section?.key(key)?.kind else { return nil }
    return value(key).map { $0.integer(in: range) } ?? standard
  }

  func byteCount(_ key: String) -> Int64? {
    guard case .bytes(let range, let standard)? = section?.key(key)?.kind else { return nil }
    return value(key).map { $0.byteCount(in: range) } ?? standard
  }

  func bool(_ key: String) -> Bool? {
    guard case .truth(let standard)? = section?.key(key)?.kind else { return nil }
    return value(key).map { $0.bool() } ?? standard
  }

  func choice<T: RawRepresentable<String>>(_ key: String, _ type: T.Type = T.self) -> T? {
    guard case .choice(let names, let standard)? = section?.key(key)?.kind else { return nil }
    return (value(key).map { $0.choice(among: names) } ?? standard).flatMap(T.init(rawValue:))
  }
}
