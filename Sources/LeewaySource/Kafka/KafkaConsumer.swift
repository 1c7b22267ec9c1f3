internal import CRdKafka
internal import Glibc
package import LeewayCore

/// Nanoseconds of one consumer's polls.
package struct PollTimes: Sendable {
  /// Nothing was there.
  package var waiting: UInt64 = 0
  /// In librdkafka.
  package var polling: UInt64 = 0
  /// In the caller's closure.
  package var handling: UInt64 = 0
}

/// A member of a consumer group, which owns an `rd_kafka_t`.
///
/// Not Sendable on purpose: one thread creates it or is given it, polls, answers rebalances and closes it. All of
/// librdkafka's callbacks but the log's run on that thread, inside `poll` and `close`.
package final class KafkaConsumer {
  let handle: OpaquePointer
  let callbacks: KafkaCallbacks
  private var table = TopicTable()
  private var isClosed = false
  /// Taken from librdkafka and not yet handed out; empty between polls.
  private var batch: [UnsafeMutablePointer<rd_kafka_message_t>] = []
  private var batchBytes = 0
  /// What is taken no longer counts in librdkafka's queue, so it must not be much beside it.
  private static let maximumBatchBytes = 4 << 20

  /// Names by `KafkaRun.topic`, those of `subscribe` first and in its order.
  package var topics: [String] { table.names }
  /// What `assign` added and `unassign` has not taken away.
  package var assignment: Set<TopicPartition> { callbacks.assignment }
  /// Where the time of `poll` went since the start.
  package private(set) var pollTimes = PollTimes()
  /// Messages that came after an event the caller had not seen; none, since librdkafka is made to return at an event.
  private(set) var messagesAfterEvent = 0
  /// Offset commits that failed; the ledger's offsets are the truth, so a failure costs lag tools their view only.
  package var failedCommits: Int { callbacks.failedCommits }

  /// Starts librdkafka's threads; connects in the background.
  ///
  /// - Parameter log: called on librdkafka's threads; without it librdkafka's log is dropped.
  package init(_ settings: KafkaSettings, log: KafkaLogReceiver? = nil) throws(KafkaError) {
    let callbacks = KafkaCallbacks(log: log, redaction: settings.redaction)
    let configuration = try settings.consumerConfiguration()
    configuration.withPointer { pointer in
      callbacks.registerLog(pointer)
      callbacks.registerConsumer(pointer)
    }
    handle = try configuration.makeHandle(RD_KAFKA_CONSUMER, settings.redaction)
    self.callbacks = callbacks
    // Errors and commit results then come through the same poll as messages and rebalances.
    rd_kafka_poll_set_consumer(handle)
  }

  deinit {
    close()
    // Topic handles go before the instance they belong to.
    table = TopicTable()
    guard callbacks.wasAssigned || rd_kafka_version() >= Self.firstThatMayGoUnassigned else {
      // Its threads may log until the process ends.
      _ = Unmanaged.passRetained(callbacks)
      return
    }
    // The group was left in `close`, or that took too long: don't wait for it again.
    rd_kafka_destroy_flags(handle, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE)
  }

  /// Before 2.3.0 librdkafka aborts the process where an instance is destroyed between joining its group and its first
  /// assignment (https://github.com/confluentinc/librdkafka/issues/4312): such a handle is left to the process's end.
  private static let firstThatMayGoUnassigned: Int32 = 0x0203_0000

  /// Joins the group for these topics, in the background; the answer is an `assigned` event.
  ///
  /// A topic that doesn't exist is an `error` event, and is read from once it exists.
  package func subscribe(_ topics: [String]) throws(KafkaError) {
    for topic in topics {
      guard Self.isLegal(topic: topic) else {
        throw KafkaError(
          RD_KAFKA_RESP_ERR__INVALID_ARG,
          "'\(topic)' isn't a topic's name: 1 to 249 letters, digits, dots, underscores and hyphens")
      }
      _ = try table.intern(topic, of: handle)
    }
    try KafkaError.check(PartitionList(topics: topics).withPointer { rd_kafka_subscribe(handle, $0) })
  }

  /// Also keeps out `^`, with which librdkafka takes a name for a regular expression.
  private static func isLegal(topic: String) -> Bool {
    (1...249).contains(topic.utf8.count)
      && topic.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
          true
        default: false
        }
      }
  }

  // MARK: Polling

  /// Waits up to `timeoutMilliseconds` for the first message or event, then takes what is there without waiting.
  ///
  /// Returns after `maximum` messages, or at the first event: all messages before it have gone through `body`, in runs
  /// of one partition, none after it has. Must be called at least every `max.poll.interval.ms`, else the group takes the
  /// partitions away.
  ///
  /// - Parameters:
  ///   - batch: after so many messages, or fewer if they are large, `settle` is called; until it returns, their bytes
  ///     are there.
  /// - Returns: how many messages went through `body`, and the event that ended the poll, if one did.
  package func poll(
    timeoutMilliseconds: Int32, maximum: Int, batch size: Int = 128, _ body: (borrowing KafkaRun) -> Void,
    settle: () -> Void = {}
  ) -> (messages: Int, event: KafkaEvent?) {
    precondition(maximum > 0 && size > 0)
    if let event = callbacks.takeEvent() { return (0, event) }
    var clock = Self.nanoseconds()
    // Message by message: the batch call of librdkafka 2.0.2 can lose messages beside a seek, a pause or a rebalance.
    var next = rd_kafka_consumer_poll(handle, 0)
    if next == nil {
      if let event = callbacks.takeEvent() { return (0, event) }
      next = rd_kafka_consumer_poll(handle, timeoutMilliseconds)
      pollTimes.waiting &+= Self.lap(&clock)
    }
    var count = 0
    var found: KafkaEvent?
    while let message = next {
      found = collect(message)
      // Handed out some at a time, so that two readings of the clock serve them all.
      if batch.count == size || batchBytes >= Self.maximumBatchBytes { count += handOut(&clock, body, settle) }
      guard found == nil, count + batch.count < maximum else { break }
      next = rd_kafka_consumer_poll(handle, 0)
    }
    count += handOut(&clock, body, settle)
    // An event raised in a callback has made librdkafka return without a message.
    return (count, found ?? callbacks.takeEvent())
  }

  /// Keeps a message for `handOut`, or says what else it is. Whatever is not kept is destroyed.
  private func collect(_ message: UnsafeMutablePointer<rd_kafka_message_t>) -> KafkaEvent? {
    guard message.pointee.err == RD_KAFKA_RESP_ERR_NO_ERROR else {
      defer { rd_kafka_message_destroy(message) }
      return event(of: message)
    }
    if callbacks.hasEvent { messagesAfterEvent += 1 }
    batch.append(message)
    batchBytes += message.pointee.len + message.pointee.key_len
    return nil
  }

  /// - Returns: how many went through `body`.
  private func handOut(
    _ clock: inout UInt64, _ body: (borrowing KafkaRun) -> Void, _ settle: () -> Void
  ) -> Int {
    pollTimes.polling &+= Self.lap(&clock)
    var count = 0
    var start = 0
    while start < batch.count {
      let first = batch[start].pointee
      var end = start + 1
      while end < batch.count, batch[end].pointee.rkt == first.rkt, batch[end].pointee.partition == first.partition {
        end += 1
      }
      // librdkafka doesn't promise that what it fetched before stays inside once the partition is unassigned.
      if let handle = first.rkt, let topic = table.index(of: handle), table.holds(topic, first.partition) {
        body(KafkaRun(topic: topic, partition: first.partition, batch[start..<end]))
        count += end - start
      }
      start = end
    }
    if count > 0 { settle() }
    for message in batch { rd_kafka_message_destroy(message) }
    batch.removeAll(keepingCapacity: true)
    batchBytes = 0
    pollTimes.handling &+= Self.lap(&clock)
    return count
  }

  private static func nanoseconds() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec)
  }

  private static func lap(_ clock: inout UInt64) -> UInt64 {
    let now = nanoseconds()
    defer { clock = now }
    return now &- clock
  }

  /// nil for what concerns a partition that is no longer held.
  private func event(of message: UnsafePointer<rd_kafka_message_t>) -> KafkaEvent? {
    let content = message.pointee
    var partition: TopicPartition?
    if let topicHandle = content.rkt, let topic = table.index(of: topicHandle) {
      partition = TopicPartition(table.names[topic], content.partition)
      if content.partition >= 0, !table.holds(topic, content.partition) { return nil }
    }
    switch content.err {
    case RD_KAFKA_RESP_ERR__PARTITION_EOF:
      return partition.map { .partitionEnd($0, offset: content.offset) }
    case RD_KAFKA_RESP_ERR__FATAL:
      return .error(KafkaError(fatalErrorOf: handle, redaction: callbacks.redaction))
    default:
      return .error(KafkaError(message, partition: partition, redaction: callbacks.redaction))
    }
  }

  // MARK: Assignment

  /// Starts reading these partitions, in addition to those already assigned; the answer to `assigned`.
  ///
  /// - Throws: also if an offset is below 0 or a partition is held already.
  package func assign(_ positions: [(TopicPartition, KafkaPosition)]) throws(KafkaError) {
    guard !positions.isEmpty else { return }
    let list = try positionList(positions)
    for (partition, _) in positions { _ = try table.intern(partition.topic, of: handle) }
    try KafkaError.check(list.withPointer { rd_kafka_incremental_assign(handle, $0) })
    for (partition, _) in positions {
      table.hold(partition)
      callbacks.assignment.insert(partition)
    }
  }

  /// Stops reading these partitions; the answer to `revoked` and `lost`. Partitions not held are left out.
  package func unassign(_ partitions: [TopicPartition]) throws(KafkaError) {
    let held = partitions.filter(callbacks.assignment.contains)
    for partition in held {
      table.release(partition)
      callbacks.assignment.remove(partition)
    }
    // An empty list too is an answer, without which the group would wait.
    try KafkaError.check(PartitionList(held).withPointer { rd_kafka_incremental_unassign(handle, $0) })
  }

  /// Goes on from there, also after `offsetOutOfRange`. What was fetched before is not handed out afterwards.
  ///
  /// Not to be called between a rebalance and its answer.
  ///
  /// - Parameter timeoutMilliseconds: after which the partition is let go and taken again at the position instead.
  package func seek(
    _ partition: TopicPartition, to position: KafkaPosition, timeoutMilliseconds: Int32 = 5000
  ) throws(KafkaError) {
    guard callbacks.assignment.contains(partition) else {
      throw KafkaError(RD_KAFKA_RESP_ERR__STATE, "can't seek, the partition isn't assigned", partition: partition)
    }
    let list = try positionList([(partition, position)])
    do {
      try KafkaError.check(list.withPointer { rd_kafka_seek_partitions(handle, $0, timeoutMilliseconds) })
      try list.checkPartitions()
    } catch  where error.code == RD_KAFKA_RESP_ERR__STATE.rawValue || error.isRetriable {
      // librdkafka seeks only what it fetches at the moment; after `offsetOutOfRange` it doesn't fetch any more. A seek
      // that was too slow may still take place, or not: the partition taken again is past that.
      try unassign([partition])
      try assign([(partition, position)])
    }
  }

  private func positionList(_ positions: [(TopicPartition, KafkaPosition)]) throws(KafkaError) -> PartitionList {
    var offsets: [(TopicPartition, Int64)] = []
    for (partition, position) in positions {
      guard TopicTable.partitions.contains(partition.partition), let offset = position.rdKafkaOffset else {
        throw KafkaError(
          RD_KAFKA_RESP_ERR__INVALID_ARG,
          "can't read from \(position): offsets start at 0, and partitions go from 0 to \(TopicTable.partitions.upperBound)",
          partition: partition)
      }
      offsets.append((partition, offset))
    }
    return PartitionList(offsets)
  }

  /// Stops fetching, keeps the partition; drops what was fetched, which comes again after `resume`.
  package func pause(_ partitions: [TopicPartition]) throws(KafkaError) {
    let list = PartitionList(partitions)
    try KafkaError.check(list.withPointer { rd_kafka_pause_partitions(handle, $0) })
    try list.checkPartitions()
  }

  package func resume(_ partitions: [TopicPartition]) throws(KafkaError) {
    let list = PartitionList(partitions)
    try KafkaError.check(list.withPointer { rd_kafka_resume_partitions(handle, $0) })
    try list.checkPartitions()
  }

  // MARK: Closing

  /// Leaves the group, so that others take over at once; lets go of what is still held. No event comes any more.
  ///
  /// - Returns: false if that took longer than `timeoutMilliseconds`; the group then notices by itself.
  @discardableResult
  package func close(timeoutMilliseconds: Int32 = 10_000) -> Bool {
    guard !isClosed else { return true }
    isClosed = true
    callbacks.isClosing = true
    let deadline = Deadline(milliseconds: timeoutMilliseconds)
    guard let queue = rd_kafka_queue_new(handle) else { return false }
    defer { rd_kafka_queue_destroy(queue) }
    do { try KafkaError.check(rd_kafka_consumer_close_queue(handle, queue)) } catch { return error.isFatal }
    while rd_kafka_consumer_closed(handle) == 0 {
      guard deadline.remainingMilliseconds > 0 else { return false }
      if let message = rd_kafka_consume_queue(queue, min(50, deadline.remainingMilliseconds)) {
        rd_kafka_message_destroy(message)
      }
    }
    callbacks.assignment = []
    table.releaseAll()
    return true
  }
}
