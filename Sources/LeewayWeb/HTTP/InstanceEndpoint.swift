import HTTPTypes
import Hummingbird
import LeewayCore

/// Who reads which partitions, and how far they are: from the ledger, so that every instance says the same.
struct InstanceEndpoint: Sendable {
  let view: ServiceView
  let threads: LedgerThreads

  var all: [Endpoint] { [Endpoint(path: "/api/v1/instances", access: .reading, respond: list)] }

  private struct Standing: Sendable {
    var now: EventTime
    var writers: [WriterRecord]
    var leases: [LeaseRecord]
    var partitions: [PartitionRecord]
  }

  @Sendable private func list(_ request: Request, _ context: ServiceContext) async throws -> Response {
    _ = try request.query()
    let ledger = view.ledger
    let monitors = view.monitors().map(\.monitor)
    let standing = try await threads.run { try Self.standing(monitors, ledger) }
    let living = standing.writers.filter(\.alive)
    return JSONAnswer.response(request) { json in
      json.beginObject()
      json.members("instances", living) { json, writer in Self.write(writer, standing, to: &json) }
      let owners = Set(living.map(\.id))
      json.members("unowned", standing.partitions.filter { !($0.owner.map(owners.contains) ?? false) }) {
        // No instance asks the broker for the end of these, and what was its last word says nothing of now.
        var partition = $1
        partition.endOffset = nil
        Self.write(partition, standing.now, to: &$0)
      }
      json.endObject()
    }
  }

  /// All of it from one snapshot.
  private static func standing(_ monitors: [Monitor], _ ledger: any Ledger) throws -> Standing {
    try ledger.read { reader in
      Standing(
        now: try reader.now(), writers: try reader.writers(), leases: try reader.leases(),
        partitions: try monitors.flatMap { monitor in
          // Rows of topics that it read once stay in the ledger.
          let topics = [monitor.predictions.topic, monitor.labels?.topic]
          return try reader.partitions(of: monitor.name).filter { topics.contains($0.key.topic) }
        })
    }
  }

  private static func write(_ writer: WriterRecord, _ standing: Standing, to json: inout JSONWriter) {
    json.beginObject()
    json.member("instance", writer.id)
    json.member("host", writer.instance.host)
    json.member("process", Int64(writer.instance.process))
    json.member("answering", writer.instance == .ofThisProcess)
    json.member("since", writer.registeredAt)
    json.member("last_seen", writer.lastSeenAt)
    json.member("last_flush", writer.lastFlushAt)
    json.member("flushes", writer.flushSequence)
    let prefix = writer.instance.leasePrefix
    let held = standing.leases.filter { $0.until > standing.now && $0.holder?.hasPrefix(prefix) ?? false }
    json.member("evaluates", held.compactMap { EvaluationLease.monitor(of: $0.name) })
    json.members("partitions", standing.partitions.filter { $0.owner == writer.id }) {
      write($1, standing.now, to: &$0)
    }
    json.endObject()
  }

  private static func write(_ partition: PartitionRecord, _ now: EventTime, to json: inout JSONWriter) {
    json.beginObject()
    json.member("monitor", partition.key.monitor)
    json.member("topic", partition.key.topic)
    json.member("partition", Int64(partition.key.partition))
    json.member("role", partition.role.rawValue)
    json.member("position", partition.nextOffset)
    json.key("end")
    if let end = partition.endOffset { json.number(end) } else { json.null() }
    json.key("lag")
    if let end = partition.endOffset { json.number(max(0, end &- partition.nextOffset)) } else { json.null() }
    json.member("watermark", partition.watermark)
    json.member("idle", partition.idleUntil.map { $0 > now } ?? false)
    json.endObject()
  }
}

extension InstanceIdentity {
  /// How the names begin under which this instance holds leases.
  package var leasePrefix: String { "\(host)/\(process)/" }
}

extension EvaluationLease {
  /// The monitor whose lease has this name; nil if it is another's.
  static func monitor(of name: String) -> String? {
    let prefix = Self.name(monitor: "")
    return name.hasPrefix(prefix) ? String(name.dropFirst(prefix.count)) : nil
  }
}
