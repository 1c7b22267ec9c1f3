import Foundation
import LeewaySource
import LeewayTestSupport
import Testing

/// Several `leeway run` of one Kafka group on one PostgreSQL. One test after another: each has many processes.
@Suite(.serialized) struct Instances {}

/// A monitor's topics of several partitions, read by any number of instances that share one PostgreSQL. It is the shop's,
/// whose traffic this can make, unless somebody asks for another.
final class Fleet {
  static let partitions: [String: Int32] = [Shop.predictions: 6, Shop.labels: 3]

  let folder: TemporaryFolder
  let broker: RememberingBroker
  let server: TemporaryPostgreSQL
  /// The schema that this fleet's ledger has for itself.
  let schema: String
  private(set) var processes: [LeewayProcess] = []
  private let standby: Int?
  private var console: SQLConsole?
  /// Lines of `leeway.yaml` that say all but where the broker is.
  private let settings: String
  /// Predictions sent.
  private(set) var sent = 0

  /// - Parameters:
  ///   - standby: the port of another server that may take over.
  ///   - user: the ledger's role; made if it is not the server's owner.
  ///   - settings: of the ledger's connections.
  ///   - receiver: takes the transitions, instead of the log.
  ///   - partitions: how many each topic has.
  ///   - cadence: how often is flushed and judged: lines of the configuration.
  ///   - prepare: writes the monitor and its baseline.
  init(
    server: TemporaryPostgreSQL? = nil, standby: Int? = nil, user: String = "leeway", settings: [String] = [],
    receiver: LoopbackReceiver? = nil, partitions: [String: Int32] = partitions,
    cadence: String = "limits: {flush_every: 100ms, shutdown_time: 10m}\nevaluation: {every: 200ms}",
    prepare: (TemporaryFolder) throws -> Void = { try Shop.prepare(in: $0) }
  ) throws {
    let server = try server ?? TemporaryPostgreSQL.shared.get()
    self.server = server
    self.standby = standby
    schema = "fleet_\(UUID().uuidString.prefix(8).lowercased())"
    if user != "leeway" { try server.execute("CREATE ROLE \(user) LOGIN") }
    try server.execute("CREATE SCHEMA \(schema) AUTHORIZATION \(user)")
    broker = try RememberingBroker(partitions: partitions)
    folder = try TemporaryFolder()
    try prepare(folder)
    if receiver != nil { try Self.routeToHook(folder) }
    let options = (["search_path=\(schema)"] + settings).map { "-c\($0.replacing("=", with: "%3D"))" }
    self.settings = """
      ledger: "\(server.address(user: user, standby: standby, "options=\(options.joined(separator: "%20"))"))"
      http: {listen: "127.0.0.1:0"}
      \(cadence)
      \(receiver.map { "receivers: {hook: {type: webhook, url: \"\($0.url())\"}}" } ?? "")

      """
    try configure()
  }

  private func configure() throws {
    try folder.write(
      """
      kafka:
        bootstrap: "\(broker.bootstrap)"
        group: fleet
        threads: 2
        idle_after: 1d
        properties: {session.timeout.ms: "\(Shop.shortSession)", heartbeat.interval.ms: "300"}
      \(settings)
      """, to: "leeway.yaml")
  }

  /// Another broker with the same messages. It has another address, so nobody may be running.
  func replaceBroker() throws {
    try broker.replace()
    try configure()
  }

  private static func routeToHook(_ folder: TemporaryFolder) throws {
    let monitors = folder.url.appendingPathComponent("monitors")
    for name in try FileManager.default.contentsOfDirectory(atPath: monitors.path) where name.hasSuffix(".yaml") {
      let text = try String(contentsOf: monitors.appendingPathComponent(name), encoding: .utf8)
      try folder.write(text.replacing("[log]", with: "[hook]"), to: "monitors/\(name)")
    }
  }

  // MARK: Members

  /// Starts an instance and does not wait for anything.
  func start(environment: [String: String] = [:]) throws -> LeewayProcess {
    let process = try LeewayProcess(["run"], in: folder.url, environment: environment)
    processes.append(process)
    return process
  }

  /// Starts instances and waits until their pages are served.
  func start(_ count: Int) async throws -> [RunningService] {
    let started = try (0..<count).map { _ in try start() }
    var services: [RunningService] = []
    for process in started { services.append(try await RunningService(of: process)) }
    return services
  }

  /// Ends those that are left as an operator does; each must say that all went well. Who has been told to end before is
  /// waited for: a second signal would end it at once.
  func stop() async throws {
    let left = processes.filter(\.isRunning)
    for process in left where process.lastOrder == nil { process.terminate() }
    for process in left {
      let ended = try await awaited { process.isRunning ? nil : true }
      try #require(ended == true, "\(process.standardError)")
      if process.lastOrder != SIGKILL { #expect(process.wait() == 0, "\(process.standardError)") }
    }
  }

  /// Leaves nothing behind, whatever has happened.
  func end() {
    for process in processes where process.isRunning {
      process.killAtOnce()
      process.wait()
    }
    broker.killAtOnce()
    _ = try? server.execute("DROP SCHEMA \(schema) CASCADE")
  }

  /// What all members said, for messages of failures.
  var words: String {
    processes.map { "process \($0.identifier):\n\($0.standardError.suffix(6000))" }.joined(separator: "\n")
  }

  // MARK: Traffic

  /// Sends predictions and their labels. Everything is a function of the index, and each partition is in the order of
  /// event time: nothing is late. In every second hour all amounts are out of place, so that incidents open and are
  /// resolved.
  func send(_ count: Int) throws {
    for i in sent..<sent + count {
      let isOdd = i / 240 % 2 == 1
      try broker.send(
        Shop.predictions, Int32(i * 5 % 7 % 6), Shop.prediction(i, amount: isOdd ? "\(900 + i % 31)" : nil),
        Shop.time(i))
      if i % 10 != 9 { try broker.send(Shop.labels, Int32(i / 2 % 3), Shop.label(i), Shop.time(i) + 60_000) }
    }
    sent += count
    try broker.flush()
  }

  /// Brings the end of all partitions to the same time: the minimum over them, which the service waits for, is then the
  /// maximum, at which `replay` ends.
  func sendLast() throws {
    let end = Shop.time(sent + 1)
    for partition in 0..<6 {
      let text = Shop.prediction(sent + partition, id: "\"last\(partition)\"", at: "\(end)")
      try broker.send(Shop.predictions, Int32(partition), text, end)
    }
    for partition in 0..<3 {
      let text = Shop.label(sent + partition, id: "\"last\(partition)\"", at: "\(end + 60_000)")
      try broker.send(Shop.labels, Int32(partition), text, end + 60_000)
    }
    try broker.flush()
  }

  /// Sends messages of whatever monitor, in their order.
  func send(_ messages: some Sequence<Message>) throws {
    for message in messages {
      try broker.send(
        message.topic, message.partition, String(decoding: message.value ?? [], as: UTF8.self), message.time)
    }
    try broker.flush()
  }

  // MARK: The ledger

  /// The one value that a query gives.
  func value(_ sql: String) throws -> String? { try rows(sql).first?.first ?? nil }

  func rows(_ sql: String) throws -> [[String?]] {
    if let console, let rows = try? console.execute(sql) { return rows }
    // The first time, or the server has been away.
    let console = try SQLConsole(server.address(standby: standby, "options=-csearch_path%3D\(schema)"))
    self.console = console
    return try console.execute(sql)
  }

  /// Processes that own partitions now.
  func owners() throws -> Set<Int32> {
    try Set(
      rows("SELECT DISTINCT w.process FROM partitions p JOIN writers w ON w.id = p.owner")
        .compactMap { $0[0].flatMap { Int32($0) } })
  }

  /// The writer under whose name a process owns partitions.
  func writer(of process: LeewayProcess) throws -> String? {
    try value(
      """
      SELECT p.owner FROM partitions p JOIN writers w ON w.id = p.owner WHERE w.process = \(process.identifier)
      LIMIT 1
      """)
  }

  /// Messages committed, of all partitions.
  /// Before the first instance has made the tables there is none.
  func committed() throws -> Int {
    guard try value("SELECT to_regclass('partitions')") != nil else { return 0 }
    return try Int(value("SELECT coalesce(sum(next_offset), 0) FROM partitions") ?? "") ?? 0
  }

  /// Where each log ends, by `topic/partition`.
  var ends: [String: Int] {
    var ends: [String: Int] = [:]
    for (topic, partitions) in broker.logs {
      for (i, log) in partitions.enumerated() { ends["\(topic)/\(i)"] = log.count }
    }
    return ends
  }

  /// Where the ledger stands, by `topic/partition`.
  func offsets() throws -> [String: Int] {
    var offsets: [String: Int] = [:]
    for row in try rows("SELECT topic || '/' || partition, next_offset FROM partitions") {
      offsets[row[0] ?? ""] = row[1].flatMap { Int($0) }
    }
    return offsets
  }

  /// Waits until the ledger's offsets are where each log ends.
  func awaitCommitted(sourceLocation: SourceLocation = #_sourceLocation) async throws {
    let wanted = ends
    var found: [String: Int] = [:]
    _ = try await awaited { () -> Bool? in
      found = try offsets()
      return found == wanted || !broker.isRunning || !processes.contains(where: \.isRunning) ? true : nil
    }
    try #require(
      found == wanted, "\(broker.isRunning ? "" : "the broker is gone; ")\(words)", sourceLocation: sourceLocation)
  }

  // MARK: Results

  /// What one life over the same messages gives, to which nothing happens.
  func replay() throws -> [String] {
    var arguments = ["replay", "monitors/shop.yaml"]
    for (topic, option) in [(Shop.predictions, "--predictions"), (Shop.labels, "--labels")] {
      arguments.append(option)
      for (i, log) in (broker.logs[topic] ?? []).enumerated() {
        try folder.write(log.map(\.text).joined(separator: "\n"), to: "\(topic)-\(i).jsonl")
        arguments.append("\(topic)-\(i).jsonl")
      }
    }
    let replay = try LeewayProcess.run(arguments, in: folder.url)
    try #require(replay.code == 0, "\(replay.error)")
    return replay.output.split(separator: "\n").map(String.init)
  }

  /// Waits until an instance shows, line for line, what replay gives.
  ///
  /// - Returns: the lines.
  @discardableResult
  func expectResultsOfReplay(
    _ service: RunningService, _ comment: String = "", sourceLocation: SourceLocation = #_sourceLocation
  ) async throws -> [String] {
    let expected = try replay()
    #expect(expected.count > 100, sourceLocation: sourceLocation)
    #expect(Self.transitions(expected).count > 4, sourceLocation: sourceLocation)
    var found: [String] = []
    _ = try await awaited { () -> Bool? in
      guard service.process.isRunning else { return false }
      let text = service.get("/api/v1/results?open=true", accept: "application/x-ndjson") ?? ""
      found = text.split(separator: "\n").map(String.init)
      return found == expected ? true : nil
    }
    let difference = found.difference(from: expected)
    #expect(
      difference.isEmpty, "\(comment) \(difference.map { "\($0)" }.prefix(20).joined(separator: "\n"))\n\(words)",
      sourceLocation: sourceLocation)
    return expected
  }

  static func transitions(_ lines: [String]) -> [String] { lines.filter { $0.hasPrefix("{\"type\":\"incident\"") } }

  /// Waits until nothing is owed, and holds what came in to the transitions: each has one key and one body.
  func expectDeliveries(
    _ receiver: LoopbackReceiver, of lines: [String], sourceLocation: SourceLocation = #_sourceLocation
  ) async throws {
    let settled = try await awaited { try isSettled() ? true : nil }
    try #require(settled == true, "\(words)", sourceLocation: sourceLocation)
    let found = try Self.deliveries(receiver, of: lines)
    #expect(found.differences.isEmpty, sourceLocation: sourceLocation)
    #expect(found.duplicates == 0, sourceLocation: sourceLocation)
  }

  /// Whether every delivery has been made.
  func isSettled() throws -> Bool { try value("SELECT count(*) FROM outbox WHERE state <> 'delivered'") == "0" }

  /// What came in beside what the lines' transitions are.
  ///
  /// - Returns: steps that are missing or too many, and how often a key had more than one body, or a step than one key.
  static func deliveries(
    _ receiver: LoopbackReceiver, of lines: [String]
  ) throws -> (differences: [String], duplicates: Int) {
    var bodies: [String: Set<String>] = [:]
    for request in receiver.requests {
      bodies[request.header("Idempotency-Key") ?? "none", default: []].insert(request.text)
    }
    func step(_ object: [String: Any], _ name: String, _ prefix: String) -> String {
      [CarLoan.text(object, "incident"), prefix + CarLoan.text(object, name), CarLoan.text(object, "at")]
        .joined(separator: " ")
    }
    let steps = try CarLoan.objects(bodies.values.flatMap { $0 }).map { step($0, "event", "") }.sorted()
    let wanted = try CarLoan.objects(transitions(lines)).map { step($0, "transition", "incident.") }.sorted()
    let duplicates = bodies.values.count { $0.count > 1 } + steps.count - Set(steps).count
    return (steps.difference(from: wanted).map { "\($0)" }, duplicates)
  }
}

extension RunningService {
  /// An instance that has been started; waits for its pages.
  init(of process: LeewayProcess) async throws {
    let found = try await awaited { () -> RunningService?? in
      if let found = RunningService(ofAnnounced: process) { return found }
      return process.isRunning ? nil : .some(nil)
    }
    self = try #require(found ?? nil, "\(process.standardError)")
  }

  /// Nil until the instance has said where its pages are.
  init?(ofAnnounced process: LeewayProcess) {
    guard let found = process.standardError.firstMatch(of: /on (http:\/\/[0-9.:]+)\//) else { return nil }
    base = String(found.1)
    self.process = process
    token = nil
  }

  /// A counter of this instance; nil if it doesn't answer.
  func sample(of name: String) -> Int? {
    get("/metrics")?.split(separator: "\n").first { $0.hasPrefix(name + " ") }
      .flatMap { $0.split(separator: " ").last }.flatMap { Double($0) }.map { Int($0) }
  }

  func flushes(_ outcome: String) -> Int { sample(of: "leeway_flushes_total{outcome=\"\(outcome)\"}") ?? 0 }
}
