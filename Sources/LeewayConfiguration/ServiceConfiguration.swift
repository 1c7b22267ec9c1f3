import Foundation
package import LeewayCore
package import LeewayDelivery

/// What `leeway.yaml` says: where things are, and the limits. Monitors are in files of their own.
package struct ServiceConfiguration: Sendable, Equatable {
  /// How to reach the broker.
  package struct Kafka: Sendable, Equatable {
    /// Where a partition is begun that the ledger has no offset for.
    package enum Start: String, Sendable, CaseIterable {
      case earliest, latest
    }

    /// `host:port`, several separated by commas.
    package var bootstrap: String
    package var group: String
    /// librdkafka's own, passed on; any of them may be confidential.
    package var properties: [String: Secret]
    /// Names of the properties whose values came in through a placeholder.
    package var confidential: Set<String>
    /// How long a partition at its end may be silent before it stops holding the watermark back.
    package var idleAfter: TimeSpan
    package var start: Start
    /// What is done where the broker no longer has the messages that come next.
    package var onGap: GapDecision = .fail
    /// How many threads decode and aggregate, in 1...64.
    package var threads = standardThreads

    /// One for every two processors: librdkafka, evaluation and pages need some, too. Beyond four of them librdkafka's own
    /// thread, one for each broker, is what limits.
    package static let standardThreads = min(4, max(1, ProcessInfo.processInfo.activeProcessorCount / 2))
  }

  /// Where the ledger is.
  package enum LedgerLocation: Sendable, Equatable {
    /// A SQLite file, its path as seen from the working folder.
    case sqlite(path: String)
    /// A PostgreSQL address, as libpq takes it; it may hold a password.
    case postgres(address: Secret)
  }

  package struct HTTP: Sendable, Equatable {
    /// Host name or address, without the brackets of IPv6.
    package var host: String
    /// 0 lets the system choose.
    package var port: Int
    /// The service's own address as others see it, without a slash at its end.
    package var publicURL: String?
    /// Path of the file of bearer tokens and their roles.
    package var tokensFile: String?
    /// Where health and metrics are served apart from everything else, to everybody who reaches it; nil: nowhere.
    package var probes: Probes?
    /// Keys of the tokens with which trainers answer, the one that signs first; empty: one is made and kept in the ledger.
    package var callbackKeys: [Secret] = []
    /// What `listen` shows over TLS; nil: it speaks HTTP in the clear.
    package var tls: TLS?

    /// Paths of two files in PEM.
    package struct TLS: Sendable, Equatable {
      /// The listener's own certificate first, then those that lead to a root.
      package var certificate: String
      /// Without a passphrase.
      package var key: String
    }

    /// `http` or `https`.
    package var scheme: String { tls == nil ? "http" : "https" }

    package struct Probes: Sendable, Equatable {
      package var host: String
      package var port: Int
    }

    /// Whether requests from this machine may read without a token: only where the configuration names no other way to the
    /// service. A proxy or a forwarder on this machine passes on what comes from anywhere.
    package var readingIsOpen: Bool {
      guard tokensFile == nil, ServiceConfigurationReading.isLoopback(host) else { return false }
      guard let publicURL else { return true }
      let authority = publicURL.drop { $0 != "/" }.dropFirst(2).prefix { $0 != "/" }
      let name = authority.hasPrefix("[") ? authority.dropFirst().prefix { $0 != "]" } : authority.prefix { $0 != ":" }
      return ServiceConfigurationReading.isLoopback(name.lowercased())
    }
  }

  /// What is held, and how much of it.
  package struct Limits: Sendable, Equatable {
    /// The longest message that is read, in bytes.
    package var messageBytes = 1 << 20
    /// The longest time that what was read waits for its commit.
    package var flushEvery = TimeSpan.seconds(1)
    /// Bytes of changes that are committed at once at the latest.
    package var flushBytes = 64 << 20
    /// Exported Prometheus series of one monitor.
    package var maximumSeries = 5000
    /// Quarantined messages of one monitor that are kept to be looked at.
    package var quarantineRows = 10_000
    /// Predictions that may wait for labels at a time, of all monitors together: what the ledger is made for.
    package var waitingRows = 50_000_000
    /// How long a shutdown may take to commit what was read.
    package var shutdownTime = TimeSpan.seconds(25)
    /// How long results are kept behind a monitor's newest closed window, in event time; twice its longest window at least.
    package var resultsKept = TimeSpan.days(400)
    /// How long results are kept whole behind final maturity, in event time; then an hour keeps one line of each series.
    package var resultsWhole = Reclaim.standardWhole
    /// How long deliveries that are done are kept.
    package var deliveriesKept = TimeSpan.days(90)
    /// How long messages may wait without a commit, and a thread may be silent, before the service is not ready.
    package var stallAfter = TimeSpan.minutes(2)

    package init() {}
  }

  /// The registry that has the schemas of monitors which name none.
  package struct SchemaRegistry: Sendable, Equatable {
    /// What the ledger keeps its schemas by.
    package var name: String
    package var urls: [String]
    package var username: String?
    package var password: Secret?
    package var token: Secret?
    /// Paths of files in PEM.
    package var authorities: String?
    package var certificate: String?
    package var key: String?
    /// How long a number that it does not have is asked for.
    package var unknownAfter: TimeSpan

    package static let standardUnknownAfter = TimeSpan.minutes(10)

    /// As its client takes it.
    package var server: SchemaRegistryServer {
      let credentials: SchemaRegistryServer.Credentials =
        if let token { .bearer(token: token.revealed) } else if let username {
          .basic(username: username, password: password?.revealed ?? "")
        } else { .none }
      return SchemaRegistryServer(
        urls: urls, credentials: credentials,
        tls: HTTPTrust(authorities: authorities, certificate: certificate, key: key))
    }
  }

  package struct Evaluation: Sendable, Equatable {
    /// How often a monitor is looked at for windows to evaluate.
    package var every: TimeSpan
  }

  package var kafka: Kafka
  /// Where messages go that are not counted; nil: they are listed only in the quarantine.
  package var deadLetterTopic: String?
  /// nil: every monitor names its schemas.
  package var schemaRegistry: SchemaRegistry?
  package var ledger: LedgerLocation
  package var http: HTTP
  /// By name; `log` is always there.
  package var receivers: [String: Receiver]
  package var limits: Limits
  package var evaluation: Evaluation
  /// In the file's order.
  package var maintenance: [MaintenanceWindow] = []

  /// Reads `leeway.yaml`.
  ///
  /// - Parameters:
  ///   - path: as the user wrote it; relative paths in the file begin at its folder.
  ///   - environment: what `${NAME}` expands to.
  /// - Returns: the configuration, nil if there is an error, and every problem in the order of the file's lines.
  package static func load(
    _ path: String, environment: [String: String]
  ) -> (ServiceConfiguration?, [ConfigurationProblem]) {
    let reading = ServiceConfigurationReading(path: path, environment: environment)
    let configuration = reading.read()
    return (configuration, reading.reading.problems.sorted())
  }

  /// Reads of `leeway.yaml` where the ledger is, and nothing else: whoever copies a ledger at night needs no secrets of
  /// receivers.
  ///
  /// - Parameters:
  ///   - path: as the user wrote it; a relative path of the ledger begins at its folder.
  ///   - environment: what `${NAME}` expands to.
  /// - Returns: the place, nil if it cannot be read, and every problem of it.
  package static func ledger(
    _ path: String, environment: [String: String]
  ) -> (LedgerLocation?, [ConfigurationProblem]) {
    let reading = ServiceConfigurationReading(path: path, environment: environment)
    let location = reading.ledgerOnly()
    return (location, reading.reading.problems.sorted())
  }
}
