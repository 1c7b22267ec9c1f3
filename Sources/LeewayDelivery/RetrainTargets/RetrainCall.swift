import LeewayCore

/// What a stored call to retrain says, as targets need it.
struct RetrainCall {
  /// `rt-` and 16 hexadecimal digits: also what the run is called, where a target lets the caller say.
  let id: String
  let incident: String
  let monitor: String
  let callbackURL: String
  let callbackToken: String
  let deadline: String
  private let members: [JSONValue.Member]

  /// - Throws: for anything but `retrain.requested`.
  init(_ delivery: Delivery) throws(UnreadableNotification) {
    guard let root = try? JSONValue(parsing: delivery.notification), case .object(let members) = root else {
      throw UnreadableNotification(problem: "is not JSON")
    }
    func text(_ key: String) throws(UnreadableNotification) -> String {
      guard let member = members.first(where: { $0.key == key }), case .string(let text) = member.value else {
        throw UnreadableNotification(problem: "lacks \(key)")
      }
      return text
    }
    guard try text("event") == "retrain.requested" else {
      throw UnreadableNotification(problem: "is no call to retrain, and this receiver takes nothing else")
    }
    id = try text("retrain")
    incident = try text("incident")
    monitor = try text("monitor")
    callbackURL = (try? text("callback_url")) ?? ""
    callbackToken = (try? text("callback_token")) ?? ""
    deadline = try text("deadline")
    self.members = members
  }

  /// The whole call as JSON. One that is longer than `limit` bytes keeps the evidence that fits, the worst first.
  func request(limit: Int = 1 << 20) -> [UInt8] {
    var kept = Int.max
    while true {
      var json = JSONWriter(capacity: 4096)
      json.value(
        .object(
          members.map { member in
            guard member.key == "evidence", case .array(let evidence) = member.value else { return member }
            return JSONValue.Member("evidence", .array(Array(evidence.prefix(kept))))
          }))
      if json.bytes.count <= limit || kept == 0 { return json.bytes }
      kept = kept == .max ? 50 : kept / 2
    }
  }

  func requestText(limit: Int) -> String { String(decoding: request(limit: limit), as: UTF8.self) }

  /// `text` with the monitor's name in place of `{monitor}`.
  func filled(_ text: String) -> String { text.replacing("{monitor}", with: monitor) }
}
