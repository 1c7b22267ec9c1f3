import LeewayCore
import LeewaySource

/// Stands before the intake: a message whose schema is not known yet holds its partition. Belongs to the intake's thread.
final class SchemaGate {
  struct Hold {
    var id: SchemaID
    var offset: Int64
    var since: SteadyTime
  }

  /// Topics whose schemas the registry has.
  var topics: Set<String> = []
  var messageBytes: Int
  private(set) var known = KnownSchemas()
  private(set) var holds: [TopicPartition: Hold] = [:]
  /// Ids that came behind one that is held for, so that what is missing is asked for together.
  private(set) var ahead: Set<SchemaID> = []
  /// Partitions that go on and of which no message has come since: a pause would lose the place where they go on.
  var resettling: Set<TopicPartition> = []
  /// The last id that was known; messages of one schema come together.
  private var last: SchemaID?
  /// Whose messages come: to look its hold up for each of them would take longer than to read the id.
  private var current: TopicPartition?
  private var isHeld = false

  init(messageBytes: Int) { self.messageBytes = messageBytes }

  /// Ids that partitions are held for, or will be.
  var wanted: Set<SchemaID> { ahead.union(holds.values.map(\.id)) }

  func learn(_ entry: KnownSchemas.Entry, of id: SchemaID) {
    known.learn(entry, of: id)
    ahead.remove(id)
    last = nil
  }

  /// The messages that come next are of this partition.
  func enter(_ partition: TopicPartition) {
    current = partition
    isHeld = holds[partition] != nil
    if !resettling.isEmpty { resettling.remove(partition) }
  }

  /// Whether a message may be taken; the first that may not holds the partition that was entered.
  func lets(_ message: SourceMessage) -> Bool {
    guard !isHeld else {
      look(message)
      return false
    }
    guard let id = unknown(message), let current else { return true }
    holds[current] = Hold(id: id, offset: message.offset, since: .now)
    isHeld = true
    return false
  }

  private func look(_ message: SourceMessage) {
    guard ahead.count < SchemaWaits.most, let id = unknown(message) else { return }
    ahead.insert(id)
  }

  /// The id of a message's schema if it is needed and not known.
  private func unknown(_ message: SourceMessage) -> SchemaID? {
    // What is rejected for another reason waits for none.
    guard let value = message.value, value.count <= messageBytes,
      let id = SchemaFrame(value, headers: message.headers, hasIndexes: true)?.id, id != last
    else { return nil }
    guard known[id] != nil else { return id }
    last = id
    return nil
  }

  /// Partitions whose schema has become known.
  var released: [TopicPartition] { holds.filter { known[$0.value.id] != nil }.keys.sorted() }

  /// The partitions are read again from where they are held, or not at all.
  func forget(_ partitions: some Sequence<TopicPartition>) {
    for partition in partitions { holds[partition] = nil }
    if holds.isEmpty { ahead = [] }
  }
}
