package import LeewayCore

/// A message of a log as a broker keeps it; its offset is its place in the partition.
package struct LoggedMessage: Sendable, Equatable {
  package var key: [UInt8]?
  /// nil is a tombstone.
  package var value: [UInt8]?
  package var recordTime: EventTime?

  package init(key: [UInt8]? = nil, value: [UInt8]?, recordTime: EventTime? = nil) {
    self.key = key
    self.value = value
    self.recordTime = recordTime
  }

  package init(_ text: String, recordTime: EventTime? = nil) {
    self.init(value: Array(text.utf8), recordTime: recordTime)
  }
}

/// A topic of the simulated broker.
package struct MessageLog: Sendable {
  package var topic: String
  package var role: StreamRole
  package var partitions: [[LoggedMessage]]

  package init(topic: String, role: StreamRole, partitions: [[LoggedMessage]]) {
    self.topic = topic
    self.role = role
    self.partitions = partitions
  }
}

/// A prediction as the sample monitors log it. Members are JSON texts, so that a test can log what is wrong too; nil
/// leaves a member out.
package struct PredictionEvent: Sendable {
  package var id: String?
  package var time: EventTime
  package var version: String?
  /// For the member `output`.
  package var output: String?
  package var amount: String?
  package var country: String?
  package var channel: String?
  package var shop: String?
  /// Multiclass: an object.
  package var probabilities: String?

  package init(
    id: String?, time: EventTime, version: String? = "\"v1\"", output: String?, amount: String? = "10",
    country: String? = "\"DE\"", channel: String? = nil, shop: String? = nil, probabilities: String? = nil
  ) {
    self.id = id
    self.time = time
    self.version = version
    self.output = output
    self.amount = amount
    self.country = country
    self.channel = channel
    self.shop = shop
    self.probabilities = probabilities
  }

  package var json: String {
    let members: [(String, String?)] = [
      ("id", id), ("time", "\(time.milliseconds)"), ("version", version), ("output", output), ("amount", amount),
      ("country", country), ("channel", channel), ("shop", shop), ("probabilities", probabilities),
    ]
    return "{" + members.compactMap { name, text in text.map { "\"\(name)\":\($0)" } }.joined(separator: ",") + "}"
  }

  package func message(recordTime: EventTime? = nil) -> LoggedMessage { LoggedMessage(json, recordTime: recordTime) }
}

/// A label as the sample monitors log it; `id` and `value` are JSON texts.
package struct LabelEvent: Sendable {
  package var id: String
  package var time: EventTime
  package var value: String

  package init(id: String, time: EventTime, value: String) {
    self.id = id
    self.time = time
    self.value = value
  }

  package func message(recordTime: EventTime? = nil) -> LoggedMessage {
    LoggedMessage("{\"id\":\(id),\"time\":\(time.milliseconds),\"value\":\(value)}", recordTime: recordTime)
  }
}
