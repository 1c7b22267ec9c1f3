/// A shop's traffic with everything in it that a broken producer can send, and what must become of each message.
struct PoisonStream {
  /// In the order of their production.
  private(set) var messages: [Message] = []
  /// What `replay` is given: the messages that count, one a line.
  private(set) var predictions: [String] = []
  private(set) var labels: [String] = []
  /// `leeway_events_total` by outcome.
  private(set) var outcomes: [String: Int] = [:]
  /// `leeway_events_rejected_total` by reason.
  private(set) var reasons: [String: Int] = [:]
  /// `topic offset code` of what the quarantine lists.
  private(set) var quarantine: [String] = []
  /// Odd predictions of the first hour that count, and what they do to a feature: `amount invalid`.
  private(set) var oddRows = 0
  private(set) var effects: [String: Int] = [:]
  /// Those of them that have an id and a valid score.
  private(set) var oddPairs = 0
  private(set) var offsets = [Shop.predictions: 0, Shop.labels: 0]

  private mutating func add(_ message: Message) {
    messages.append(message)
    offsets[message.topic, default: 0] += 1
  }

  // MARK: What is counted

  mutating func count(prediction text: String, at time: Int64) {
    add(Message(Shop.predictions, text, at: time))
    predictions.append(text)
    outcomes["accepted", default: 0] += 1
  }

  /// - Parameters:
  ///   - effect: what the row adds to, as `amount invalid`; empty for nothing.
  ///   - joins: it has an id and a score, so a label could meet it.
  mutating func odd(_ text: String, _ effect: String, joins: Bool = true, key: [UInt8]? = nil, at time: Int64) {
    count(prediction: text, at: time)
    messages[messages.count - 1].key = key
    oddRows += 1
    if !effect.isEmpty { effects[effect, default: 0] += 1 }
    if joins { oddPairs += 1 } else { reasons["unjoinable", default: 0] += 1 }
  }

  /// A prediction whose id and version were seen: it counts for drift alone.
  mutating func duplicate(_ text: String, at time: Int64) {
    count(prediction: text, at: time)
    oddRows += 1
    outcomes["duplicate", default: 0] += 1
  }

  mutating func count(label text: String, at time: Int64) {
    add(Message(Shop.labels, text, at: time))
    labels.append(text)
  }

  /// A tombstone with a key; `replay` has a null label in its place.
  mutating func retract(_ i: Int, at time: Int64) {
    add(Message(Shop.labels, nil, at: time, key: Array("p\(i)".utf8)))
    labels.append(Shop.label(i, at: "\(time)", bought: "null"))
  }

  /// A label that is counted and changes nothing, since a later one stands.
  mutating func outdated(label text: String, at time: Int64) { add(Message(Shop.labels, text, at: time)) }

  // MARK: What is not

  mutating func late(_ text: String, at time: Int64) {
    add(Message(Shop.predictions, text, at: time))
    outcomes["late", default: 0] += 1
  }

  mutating func reject(_ value: [UInt8]?, _ code: String, on topic: String = Shop.predictions, at time: Int64) {
    quarantine.append("\(topic) \(offsets[topic] ?? 0) \(code)")
    add(Message(topic, value, at: time))
    outcomes[code == "future" ? "quarantined" : "invalid", default: 0] += 1
    reasons[code, default: 0] += 1
  }

  mutating func reject(_ text: String, _ code: String, on topic: String = Shop.predictions, at time: Int64) {
    reject(Array(text.utf8), code, on: topic, at: time)
  }
}

extension PoisonStream {
  static let year: Int64 = 365 * 86_400_000
  /// 1990-01-01T00:00:00Z
  static let earliest: Int64 = 631_152_000_000

  /// The first messages: an event of the first moment that is plausible, which is accepted because nothing came before
  /// it, and one of nearly 5 MB,
  /// about all that the embedded broker keeps of a partition.
  mutating func addFirst() {
    count(prediction: Shop.prediction(0, id: "\"ancient\"", at: "\(Self.earliest)"), at: Shop.start)
    reject("{\"id\":\"" + String(repeating: "x", count: 4_900_000) + "\"}", "too_large", at: Shop.start)
  }

  /// Good predictions and labels, with a poisoned one after every second of the first hour's.
  mutating func addTraffic(_ range: Range<Int>, poisoned: Bool) {
    var poisons = poisoned ? Self.poisons.makeIterator() : [].makeIterator()
    for i in range {
      count(prediction: Shop.prediction(i), at: Shop.time(i))
      if i % 10 != 9 { count(label: Shop.label(i), at: Shop.time(i) + 60_000) }
      if i > 2, i % 2 == 0 { poisons.next()?(&self, i, Shop.time(i)) }
    }
    precondition(poisons.next() == nil, "not all were sent")
  }

  typealias Poison = (inout PoisonStream, Int, Int64) -> Void

  // Labels first: what takes one back must come before the horizon.
  static var poisons: [Poison] { labelPoisons + unreadable + wrongTypes + oddValues + wrongTimes + oddIdentities }

  /// Messages that are no JSON object.
  private static var unreadable: [Poison] {
    [
      { $0.reject("{\"id\":\"a\",\"at\":17", "truncated", at: $2) },
      { $0.reject("", "empty", at: $2) },
      { $0.reject(" \n ", "empty", at: $2) },
      { $0.reject(nil, "tombstone", at: $2) },
      { $0.reject("[\(Shop.prediction($1))]", "not_an_object", at: $2) },
      { $0.reject("\"text\"", "not_an_object", at: $2) },
      { $0.reject("null", "not_an_object", at: $2) },
      { $0.reject(Shop.prediction($1, amount: "NaN"), "not_json", at: $2) },
      { $0.reject(Shop.prediction($1, score: "Infinity"), "not_json", at: $2) },
      { $0.reject(Array("{\"id\":\"".utf8) + [0xC3, 0x28] + Array("\"}".utf8), "bad_utf8", at: $2) },
      { $0.reject([0xFF, 0xFE, 0x00], "utf16", at: $2) },
      {
        let deep = String(repeating: "[", count: 10_000) + String(repeating: "]", count: 10_000)
        $0.reject(Shop.prediction($1, amount: deep), "too_deep", at: $2)
      },
    ]
  }

  /// Values of a wrong type spoil themselves alone.
  private static var wrongTypes: [Poison] {
    ["\"text\"", "\"12\"", "true", "[1]", "{}", "1e999", "-1e999"].map { value in
      { $0.odd(Shop.prediction($1, id: "\"amount\($1)\"", amount: value), "amount invalid", at: $2) }
    }
      + ["[\"DE\"]", "{\"is\":\"DE\"}"].map { value in
        { $0.odd(Shop.prediction($1, id: "\"country\($1)\"", country: value), "country invalid", at: $2) }
      }
      + ["\"high\"", "true", "[0.5]", "{}", "1.5", "-0.5", "1e999"].map { value in
        { $0.odd(Shop.prediction($1, id: "\"score\($1)\"", score: value), "score invalid", joins: false, at: $2) }
      }
  }

  private static var oddValues: [Poison] {
    [
      { $0.odd(Shop.prediction($1, id: "\"m\($1)\"", amount: "null"), "amount missing", at: $2) },
      { $0.odd("{\"id\":\"m\($1)\",\"at\":\($2),\"score\":0.5,\"country\":\"DE\"}", "amount missing", at: $2) },
      { $0.odd(Shop.prediction($1, id: "\"m\($1)\"", country: "null"), "country missing", at: $2) },
      { $0.odd(Shop.prediction($1, id: "\"m\($1)\"", score: "null"), "score missing", joins: false, at: $2) },
      { $0.odd(Shop.prediction($1, id: "\"u\($1)\"", country: "\"Atlantis\""), "country unseen", at: $2) },
      { $0.odd(Shop.prediction($1, id: "\"u\($1)\"", country: "7"), "country unseen", at: $2) },
      { $0.odd(Shop.prediction($1, id: "\"u\($1)\"", country: "1e999"), "country unseen", at: $2) },
      { $0.odd(Shop.prediction($1, id: "\"u\($1)\"", country: "\"\\u0000\""), "country unseen", at: $2) },
      { $0.odd(Shop.prediction($1, id: "\"v\($1)\"", model: "{}"), "", at: $2) },
      { $0.odd(Shop.prediction($1, id: "\"v\($1)\"", model: "7"), "", at: $2) },
      { $0.odd(Shop.prediction($1, id: "\"v\($1)\"", model: "\"=\\n\\\"\""), "", at: $2) },
      {
        $0.odd(
          "{\"\\u0000\":1,\"more\":[{}],\"amount\":\"x\"," + Shop.prediction($1, id: "\"d\($1)\"").dropFirst(), "",
          at: $2)
      },
    ]
  }

  private static var wrongTimes: [Poison] {
    ["\"2026-03-01T00:00:00Z\"", "null", "true", "[]", "1e999", "1e300", "9223372036854775807"].map { value in
      { $0.reject(Shop.prediction($1, at: value), "bad_time", at: $2) }
    } + [
      { $0.reject("{\"id\":\"t\",\"score\":0.5,\"amount\":12,\"country\":\"DE\"}", "bad_time", at: $2) },
      { $0.reject(Shop.prediction($1, at: "0"), "implausible_time", at: $2) },
      { $0.reject(Shop.prediction($1, at: "-1000"), "implausible_time", at: $2) },
      { $0.reject(Shop.prediction($1, at: "\(earliest - 1)"), "implausible_time", at: $2) },
      // Without the check on it, a watermark that nothing ever gets past.
      { $0.reject(Shop.prediction($1, at: "4102444800001"), "implausible_time", at: $2) },
      { $0.late(Shop.prediction($1, at: "\(earliest)"), at: $2) },
      // The lateness is 5 minutes, and to be as old as that is not late.
      { $0.late(Shop.prediction($1, at: "\($2 - 300_001)"), at: $2) },
      { $0.reject(Shop.prediction($1, at: "\($2 + year)"), "future", at: $2) },
      { $0.reject(Shop.prediction($1, at: "\($2 + 3_600_001)"), "future", at: $2) },
    ]
  }

  private static var oddIdentities: [Poison] {
    [
      { $0.odd(Shop.prediction($1, id: "null"), "", joins: false, at: $2) },
      { $0.odd(Shop.prediction($1, id: "{}"), "", joins: false, at: $2) },
      { $0.odd(Shop.prediction($1, id: "\"\""), "", joins: false, at: $2) },
      { $0.odd(Shop.prediction($1, id: "1e999"), "", at: $2) },
      { $0.odd(Shop.prediction($1, id: "\"" + String(repeating: "i", count: 1025) + "\""), "", joins: false, at: $2) },
      { $0.odd(Shop.prediction($1, id: "\"" + String(repeating: "i", count: 1024) + "\""), "", at: $2) },
      { $0.odd(Shop.prediction($1, id: "\"nul\\u0000\($1)\""), "", at: $2) },
      { $0.odd(Shop.prediction($1, id: "18446744073709551615"), "", at: $2) },
      { $0.odd(Shop.prediction($1, id: "\"k\($1)\""), "", key: [0, 0x6B, 0, 0xFF], at: $2) },
      { $0.odd(Shop.prediction($1, id: "\"k\($1)\""), "", key: [], at: $2) },
      { $0.duplicate(Shop.prediction($1), at: $2) },
      { $0.duplicate(Shop.prediction($1, score: "0.99"), at: $2) },
    ]
  }

  private static var labelPoisons: [Poison] {
    [
      ("{\"id\":\"p1\"", "truncated"), ("", "empty"), ("[]", "not_an_object"), ("{\"bought\":NaN}", "not_json"),
      (Shop.label(1, id: "null"), "no_id"), (Shop.label(1, id: "\"\""), "no_id"), (Shop.label(1, id: "[1]"), "no_id"),
      (Shop.label(1, id: "\"" + String(repeating: "i", count: 1025) + "\""), "no_id"),
      (Shop.label(1, at: "\"noon\""), "bad_time"), (Shop.label(1, at: "1e999"), "bad_time"),
      ("{\"id\":\"p1\",\"at\":1772323200000}", "no_value"),
      (Shop.label(1, bought: "2"), "bad_value"), (Shop.label(1, bought: "\"yes\""), "bad_value"),
      (Shop.label(1, bought: "[1]"), "bad_value"), (Shop.label(1, bought: "1e999"), "bad_value"),
    ].map { text, code in { $0.reject(text, code, on: Shop.labels, at: $2) } } + [
      { $0.reject(nil, "tombstone", on: Shop.labels, at: $2) },
      { $0.reject(Shop.label($1, at: "\($2 / 1000)"), "implausible_time", on: Shop.labels, at: $2) },
      { $0.reject(Shop.label($1, at: "\($2 + year)"), "future", on: Shop.labels, at: $2) },
      { $0.outdated(label: Shop.label(20, at: "\(earliest)", bought: "\(1 - Shop.bought(20))"), at: $2) },
      { $0.count(label: Shop.label(4, at: "\($2)", bought: "null"), at: $2) },
      { $0.retract(6, at: $2) },
      { $0.count(label: Shop.label(8, at: "\($2)", bought: "\(1 - Shop.bought(8))"), at: $2) },
      { $0.count(label: Shop.label(10), at: $2) },
      { $0.count(label: Shop.label(0, id: "\"nobody\""), at: $2) },
    ]
  }
}
