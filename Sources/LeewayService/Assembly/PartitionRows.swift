import LeewayConfiguration
import LeewayCore
import LeewaySource

/// Gives every partition that Kafka knows its row in the ledger, so that partitions that were never read hold watermarks back,
/// and decides, once for all, where reading one begins.
///
/// The offset is stored with the row: what is produced while no instance reads is read later, whatever `kafka.start` says.
/// Partitions that a topic gets later, and those of a topic that did not exist, are read from their beginning.
struct PartitionRows {
  typealias Row = (key: PartitionKey, role: StreamRole)

  let start: ServiceConfiguration.Kafka.Start
  let ledger: any Ledger
  /// Rows that are known to be there, so that looking costs no transaction.
  private var known: Set<PartitionKey> = []
  /// Topics that did not exist when somebody looked.
  private var missing: Set<String> = []

  init(start: ServiceConfiguration.Kafka.Start, ledger: any Ledger) {
    self.start = start
    self.ledger = ledger
  }

  mutating func noteMissing(_ topic: String) { missing.insert(topic) }

  /// Creates the rows that are missing.
  ///
  /// - Parameter offsets: a partition's oldest offset and the one behind its newest, asked of the broker.
  mutating func ensure(
    _ rows: [Row], offsets: (TopicPartition) throws -> (low: Int64, high: Int64)
  ) throws {
    let unknown = rows.filter { !known.contains($0.key) }
    guard !unknown.isEmpty else { return }
    let stored = try ledger.read { reader in try Self.stored(unknown, in: reader) }
    let new = unknown.filter { !stored.contains($0.key) }
    if !new.isEmpty {
      var ends: [TopicPartition: (low: Int64, high: Int64)] = [:]
      for row in new {
        let place = TopicPartition(row.key.topic, row.key.partition)
        if ends[place] == nil { ends[place] = try offsets(place) }
      }
      let (start, missing) = (start, missing)
      try ledger.write { tx in
        // Another instance may have been quicker: what it has decided stands.
        let stored = try Self.stored(new, in: tx)
        let mine = new.filter { !stored.contains($0.key) }.sorted { $0.key < $1.key }
        let oldStreams = Set(stored.map { Stream($0) })
        try tx.ensure(partitions: mine)
        let advances = mine.compactMap { row -> PartitionAdvance? in
          guard let (low, high) = ends[TopicPartition(row.key.topic, row.key.partition)] else { return nil }
          let atEnd = start == .latest && !missing.contains(row.key.topic) && !oldStreams.contains(Stream(row.key))
          let offset = atEnd ? high : low
          guard offset > 0 else { return nil }
          return PartitionAdvance(
            key: row.key, epoch: 0, expectedOffset: 0, nextOffset: offset, watermark: .distantPast)
        }
        _ = try tx.advance(partitions: advances)
      }
    }
    known.formUnion(unknown.map(\.key))
  }

  private struct Stream: Hashable {
    let monitor: String
    let topic: String

    init(_ key: PartitionKey) {
      monitor = key.monitor
      topic = key.topic
    }
  }

  /// All rows of the monitors concerned.
  private static func stored(_ rows: [Row], in reader: any LedgerReader) throws -> Set<PartitionKey> {
    var keys: Set<PartitionKey> = []
    for monitor in Set(rows.map(\.key.monitor)) {
      for record in try reader.partitions(of: monitor) { keys.insert(record.key) }
    }
    return keys
  }
}
