internal import CRdKafka
import Glibc

/// An `rd_kafka_conf_t` until a handle takes it over.
final class KafkaConfiguration {
  /// nil once a handle owns it.
  private var pointer: OpaquePointer?

  init() { pointer = rd_kafka_conf_new() }

  deinit {
    if let pointer { rd_kafka_conf_destroy(pointer) }
  }

  /// - Returns: librdkafka's complaint, which may quote the value; nil if it took it.
  func set(_ property: String, _ value: String) -> String? {
    guard !property.utf8.contains(0), !value.utf8.contains(0) else { return "holds a zero byte" }
    return withErrorText { text, size in
      rd_kafka_conf_set(pointer, property, value, text, size) == RD_KAFKA_CONF_OK
    }
  }

  func apply(_ properties: [(String, String)], _ redaction: Redaction) throws(KafkaError) {
    for (property, value) in properties {
      if let message = set(property, value) {
        throw KafkaError(RD_KAFKA_RESP_ERR__INVALID_ARG, "\(property): \(redaction.apply(to: message))")
      }
    }
  }

  /// From the table that librdkafka prints for people, its only list with properties that have no default.
  static func propertyNames() -> [String] {
    var text: UnsafeMutablePointer<CChar>?
    var size = 0
    guard let stream = open_memstream(&text, &size) else { return [] }
    rd_kafka_conf_properties_show(stream)
    fclose(stream)
    guard let text else { return [] }
    defer { free(text) }
    // `security.protocol    |  *  | plaintext, ssl, … |`
    let names = String(cString: text).split(separator: "\n").compactMap { row -> String? in
      let cells = row.split(separator: "|", maxSplits: 2)
      guard cells.count == 3 else { return nil }
      let name = cells[0].split(separator: " ").joined()
      return name.contains(".") || name.wholeMatch(of: /[a-z]+/) != nil ? name : nil
    }
    return names.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
  }

  /// Lets C callbacks be registered. `body` must not keep the pointer.
  func withPointer(_ body: (OpaquePointer) -> Void) {
    if let pointer { body(pointer) }
  }

  /// Starts a handle, which owns the configuration from then on.
  func makeHandle(_ type: rd_kafka_type_t, _ redaction: Redaction) throws(KafkaError) -> OpaquePointer {
    var handle: OpaquePointer?
    let message = withErrorText { text, size in
      handle = rd_kafka_new(type, pointer, text, size)
      return handle != nil
    }
    guard let handle else {
      throw KafkaError(RD_KAFKA_RESP_ERR__INVALID_ARG, redaction.apply(to: message ?? "librdkafka doesn't start"))
    }
    pointer = nil
    return handle
  }

  /// - Parameter call: is given room for a C string and says whether it succeeded.
  private func withErrorText(_ call: (UnsafeMutablePointer<CChar>, Int) -> Bool) -> String? {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: 512) { text in
      guard let start = text.baseAddress else { return nil }
      start.pointee = 0
      if call(start, text.count) { return nil }
      var message = String(cString: start)
      while message.last?.isWhitespace == true { message.removeLast() }
      return message
    }
  }
}
