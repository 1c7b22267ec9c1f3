internal import CRdKafka
internal import LeewayCore

/// What librdkafka's callbacks write to: the opaque pointer of a handle.
///
/// All but the log's callback run inside `poll`, `flush` or `close`, so on the one thread that uses the handle; the
/// log's may run on any thread, several at once, and reads only the constants. The handle's owner holds this object
/// until `rd_kafka_destroy` has returned, after which no callback comes.
final class KafkaCallbacks {
  let log: KafkaLogReceiver?
  let redaction: Redaction

  /// Seen in a callback and not yet returned by `poll`, oldest first.
  private var events: [KafkaEvent] = []
  /// While closing the loop answers no rebalances, so the callback does.
  var isClosing = false
  var assignment: Set<TopicPartition> = []
  /// The group has answered once, if only with nothing.
  private(set) var wasAssigned = false
  var failedCommits = 0

  var delivered = 0
  var failed = 0
  var latestFailure: KafkaError?
  /// What became of records with a token, until they are taken.
  private var reports: [KafkaProducer.Report] = []

  func takeReports() -> [KafkaProducer.Report] {
    defer { reports.removeAll(keepingCapacity: true) }
    return reports
  }

  init(log: KafkaLogReceiver?, redaction: Redaction = Redaction()) {
    self.log = log
    self.redaction = redaction
  }

  var opaque: UnsafeMutableRawPointer { Unmanaged.passUnretained(self).toOpaque() }

  static func from(_ opaque: UnsafeMutableRawPointer?) -> KafkaCallbacks? {
    opaque.map { Unmanaged<KafkaCallbacks>.fromOpaque($0).takeUnretainedValue() }
  }

  /// Something was raised that no poll has returned yet.
  var hasEvent: Bool { !events.isEmpty }

  func takeEvent() -> KafkaEvent? { events.isEmpty ? nil : events.removeFirst() }

  /// Keeps the event and makes the poll that runs this callback return, so that no message overtakes it.
  private func raise(_ event: KafkaEvent, _ handle: OpaquePointer?) {
    events.append(event)
    rd_kafka_yield(handle)
  }

  // MARK: Registration

  func registerLog(_ configuration: OpaquePointer) {
    rd_kafka_conf_set_opaque(configuration, opaque)
    // Set without a receiver too: librdkafka's own default prints to standard error.
    rd_kafka_conf_set_log_cb(configuration) { handle, level, facility, text in
      guard let handle, let callbacks = KafkaCallbacks.from(rd_kafka_opaque(handle)), let log = callbacks.log else {
        return
      }
      let line = callbacks.redaction.apply(to: text.map { String(cString: $0) } ?? "")
      log(KafkaLog(level: Int(level), facility: facility.map { String(cString: $0) } ?? "", text: line))
    }
  }

  func registerConsumer(_ configuration: OpaquePointer) {
    rd_kafka_conf_set_rebalance_cb(configuration) { handle, code, partitions, opaque in
      KafkaCallbacks.from(opaque)?.rebalanced(handle, code, partitions)
    }
    rd_kafka_conf_set_error_cb(configuration) { handle, code, reason, opaque in
      guard let callbacks = KafkaCallbacks.from(opaque) else { return }
      callbacks.raise(.error(callbacks.error(handle, rd_kafka_resp_err_t(code), reason)), handle)
    }
    rd_kafka_conf_set_offset_commit_cb(configuration) { _, code, offsets, opaque in
      let failed = code != RD_KAFKA_RESP_ERR_NO_ERROR && code != RD_KAFKA_RESP_ERR__NO_OFFSET
      if failed || PartitionList.hasError(offsets) { KafkaCallbacks.from(opaque)?.failedCommits += 1 }
    }
  }

  func registerProducer(_ configuration: OpaquePointer) {
    rd_kafka_conf_set_dr_msg_cb(configuration) { _, message, opaque in
      guard let message, let callbacks = KafkaCallbacks.from(opaque) else { return }
      var failure: KafkaError?
      if message.pointee.err == RD_KAFKA_RESP_ERR_NO_ERROR {
        callbacks.delivered += 1
      } else {
        callbacks.failed += 1
        // Never by `rd_kafka_message_errstr`, which takes a record's payload for its text.
        failure = KafkaError(message.pointee.err, partition: callbacks.partition(of: message))
        callbacks.latestFailure = failure
      }
      let token = Int(bitPattern: message.pointee._private)
      if token > 0 { callbacks.reports.append(KafkaProducer.Report(token: token, failure: failure)) }
    }
    rd_kafka_conf_set_error_cb(configuration) { handle, code, reason, opaque in
      guard let callbacks = KafkaCallbacks.from(opaque) else { return }
      // For a producer only the end of the handle matters here: everything else shows in the delivery reports.
      let code = rd_kafka_resp_err_t(code)
      if code == RD_KAFKA_RESP_ERR__FATAL { callbacks.latestFailure = callbacks.error(handle, code, reason) }
    }
  }

  private func partition(of message: UnsafePointer<rd_kafka_message_t>) -> TopicPartition? {
    message.pointee.rkt.map { TopicPartition(String(cString: rd_kafka_topic_name($0)), message.pointee.partition) }
  }

  // MARK: Consumer

  private func rebalanced(
    _ handle: OpaquePointer?, _ code: rd_kafka_resp_err_t,
    _ list: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>?
  ) {
    if code == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS { wasAssigned = true }
    guard !isClosing else {
      if code == RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS {
        KafkaError.discard(rd_kafka_incremental_unassign(handle, list))
      } else {
        rd_kafka_assign(handle, nil)
      }
      assignment = []
      return
    }
    let partitions = PartitionList.partitions(of: list)
    switch code {
    case RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS:
      if partitions.isEmpty { KafkaError.discard(rd_kafka_incremental_assign(handle, list)) }
      raise(.assigned(partitions), handle)
    case RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS:
      raise(rd_kafka_assignment_lost(handle) == 0 ? .revoked(partitions) : .lost(partitions), handle)
    default:
      // A failed rebalance: librdkafka wants its assignment cleared at once.
      rd_kafka_assign(handle, nil)
      let lost = assignment.sorted()
      assignment = []
      raise(.error(KafkaError(code, redaction: redaction)), handle)
      if !lost.isEmpty { raise(.lost(lost), handle) }
    }
  }

  private func error(
    _ handle: OpaquePointer?, _ code: rd_kafka_resp_err_t, _ reason: UnsafePointer<CChar>?
  ) -> KafkaError {
    guard code == RD_KAFKA_RESP_ERR__FATAL else {
      return KafkaError(code, reason.map { String(cString: $0) }, redaction: redaction)
    }
    return KafkaError(fatalErrorOf: handle, redaction: redaction)
  }
}
