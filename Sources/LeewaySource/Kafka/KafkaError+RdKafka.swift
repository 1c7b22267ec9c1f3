internal import CRdKafka
internal import LeewayCore

extension KafkaError {
  /// - Parameter message: librdkafka's words; without them its description of the code.
  init(
    _ code: rd_kafka_resp_err_t, _ message: String? = nil, partition: TopicPartition? = nil, offset: Int64? = nil,
    redaction: Redaction = Redaction()
  ) {
    self.init(
      kind: Kind(code), code: code.rawValue, name: Self.name(of: code),
      message: redaction.apply(to: message ?? Self.description(of: code)), partition: partition, offset: offset)
  }

  /// The reason why the handle is dead, behind librdkafka's general `_FATAL`.
  init(fatalErrorOf handle: OpaquePointer?, redaction: Redaction) {
    let (code, text) = withUnsafeTemporaryAllocation(of: CChar.self, capacity: 512) { text in
      guard let start = text.baseAddress else { return (RD_KAFKA_RESP_ERR__FATAL, "") }
      start.pointee = 0
      let code = rd_kafka_fatal_error(handle, start, text.count)
      return (code == RD_KAFKA_RESP_ERR_NO_ERROR ? RD_KAFKA_RESP_ERR__FATAL : code, String(cString: start))
    }
    self.init(
      kind: .fatal, code: code.rawValue, name: Self.name(of: code), message: redaction.apply(to: text), partition: nil,
      offset: nil)
  }

  /// The error a message of no content carries.
  ///
  /// - Parameter partition: nil lets it be named after the message's own topic.
  init(
    _ message: UnsafePointer<rd_kafka_message_t>, partition: TopicPartition? = nil, redaction: Redaction = Redaction()
  ) {
    var place = partition
    if place == nil, let topic = message.pointee.rkt {
      place = TopicPartition(String(cString: rd_kafka_topic_name(topic)), message.pointee.partition)
    }
    let text = rd_kafka_message_errstr(message).map { String(cString: $0) }
    let offset = message.pointee.offset
    self.init(
      message.pointee.err, text, partition: place, offset: offset >= 0 ? offset : nil, redaction: redaction)
  }

  /// Throws what a call returned, if it returned an error, and frees it.
  static func check(_ error: OpaquePointer?) throws(KafkaError) {
    guard let error else { return }
    defer { rd_kafka_error_destroy(error) }
    throw KafkaError(rd_kafka_error_code(error), rd_kafka_error_string(error).map { String(cString: $0) })
  }

  static func check(_ code: rd_kafka_resp_err_t, _ partition: TopicPartition? = nil) throws(KafkaError) {
    guard code == RD_KAFKA_RESP_ERR_NO_ERROR else { throw KafkaError(code, partition: partition) }
  }

  /// Frees an error that there is no way to act on.
  static func discard(_ error: OpaquePointer?) {
    if let error { rd_kafka_error_destroy(error) }
  }

  private static func name(of code: rd_kafka_resp_err_t) -> String {
    rd_kafka_err2name(code).map { String(cString: $0) } ?? "\(code.rawValue)"
  }

  private static func description(of code: rd_kafka_resp_err_t) -> String {
    rd_kafka_err2str(code).map { String(cString: $0) } ?? "error \(code.rawValue)"
  }
}

extension KafkaError.Kind {
  /// A consumer recovers from most errors by itself, so what isn't known to need a person counts as transient.
  init(_ code: rd_kafka_resp_err_t) {
    switch code {
    case RD_KAFKA_RESP_ERR__FATAL:
      self = .fatal
    case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET, RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE:
      self = .offsetOutOfRange
    case RD_KAFKA_RESP_ERR__AUTHENTICATION, RD_KAFKA_RESP_ERR__SSL, RD_KAFKA_RESP_ERR__INVALID_ARG,
      RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC, RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION, RD_KAFKA_RESP_ERR__UNKNOWN_GROUP,
      RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE, RD_KAFKA_RESP_ERR__NOT_IMPLEMENTED, RD_KAFKA_RESP_ERR__STATE,
      RD_KAFKA_RESP_ERR__CONFLICT, RD_KAFKA_RESP_ERR__INCONSISTENT, RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART,
      RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION, RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE,
      RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED,
      RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED, RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED,
      RD_KAFKA_RESP_ERR_UNSUPPORTED_SASL_MECHANISM, RD_KAFKA_RESP_ERR_INCONSISTENT_GROUP_PROTOCOL,
      RD_KAFKA_RESP_ERR_INVALID_GROUP_ID, RD_KAFKA_RESP_ERR_INVALID_SESSION_TIMEOUT,
      RD_KAFKA_RESP_ERR_UNSUPPORTED_VERSION, RD_KAFKA_RESP_ERR_POLICY_VIOLATION,
      RD_KAFKA_RESP_ERR_GROUP_MAX_SIZE_REACHED:
      self = .permanent
    default:
      self = .transient
    }
  }
}
