import LeewayCore
import LeewayTestSupport

/// How the benchmark's events are written. All shapes of one seed hold the same values.
enum Shape: String, CaseIterable {
  /// Flat, keys always in one order, no escapes.
  case plain
  /// Features two objects deep, segments in one of their own.
  case nested
  /// Keys in a new order in every event.
  case unordered
  /// Every category with escapes in it, and escapes in some of the keys.
  case escaped
}

/// A made-up model's log: four numeric features for each categorical one, some values missing, some categories new.
struct Traffic {
  var features = 20
  var shape = Shape.plain
  /// Segment fields in every event, 0 to 5.
  var segments = 2

  static let segments = ["channel", "country", "device", "plan", "region"]
  static let segmentValues = [
    ["web", "app", "phone"], ["DE", "FR", "US", "GB", "JP", "IN"], ["ios", "android", "desktop", "tablet"],
    ["free", "basic", "pro"], ["north", "south", "east", "west", "centre"],
  ]
  static let versions = ["v7", "v8"]
  /// 2024-01-01T00:00:00Z. Two events a millisecond: a million of them are eight minutes and a half.
  static let start: Int64 = 1_704_067_200_000

  func isNumeric(_ feature: Int) -> Bool { feature % 5 != 4 }
  func name(_ feature: Int) -> String { feature < 10 ? "f0\(feature)" : "f\(feature)" }
  func path(_ feature: Int) -> String {
    shape == .nested ? "input.\(isNumeric(feature) ? "n" : "c").\(name(feature))" : name(feature)
  }
  func segmentPath(_ segment: Int) -> String {
    shape == .nested ? "context.\(Self.segments[segment])" : Self.segments[segment]
  }

  /// A numeric feature's value as JSON text: amounts with cents, whole numbers, six decimals in [0, 1), what Python
  /// prints of a float.
  func number(_ feature: Int, using random: inout SeededGenerator) -> String {
    let uniform = Double(random.next() >> 11) * 0x1p-53
    switch feature % 5 {
    case 0:
      let cents = Int(uniform * uniform * uniform * 99_999)
      return "\(cents / 100).\(cents / 10 % 10)\(cents % 10)"
    case 1: return "\(Int(uniform * 60) + 18)"
    case 2: return "0." + String(String(1_000_000 + Int(uniform * 1_000_000)).dropFirst())
    default:
      // The sum of four is bell-shaped.
      var sum = uniform
      for _ in 0..<3 { sum += Double(random.next() >> 11) * 0x1p-53 }
      return feature % 10 == 3 ? (sum - 2).description : "\(Double(Int((sum - 2) * 10_000)) / 10_000)"
    }
  }

  /// A categorical feature's value, without quotes.
  func category(_ feature: Int, using random: inout SeededGenerator) -> String {
    let kinds = 4 + feature % 29
    let pick = Int(random.next() % UInt64(kinds * kinds))
    if pick == 0, random.next() % 20 == 0 { return "new\(random.next() % 1000)" }
    return "c\(Int(Double(pick).squareRoot()))"
  }

  /// One event.
  func event(_ index: Int, using random: inout SeededGenerator) -> String {
    var plainMembers: [String] = [
      "\"prediction_id\":\"p-\(10_000_000 + index)\"", "\"timestamp_ms\":\(Self.start + Int64(index / 2))",
      "\"model_version\":\"\(Self.versions[random.next() % 10 < 7 ? 0 : 1])\"",
      "\"score\":\(Double(random.next() % 10_000) / 10_000)",
    ]
    var numeric: [String] = []
    var categorical: [String] = []
    var context: [String] = []
    for segment in 0..<segments {
      let values = Self.segmentValues[segment]
      context.append("\"\(Self.segments[segment])\":\"\(values[Int(random.next() % UInt64(values.count))])\"")
    }
    for feature in 0..<features {
      let fate = random.next() % 200
      if isNumeric(feature) {
        let text = number(feature, using: &random)
        if fate == 0 { continue }
        numeric.append("\"\(name(feature))\":\(fate == 1 ? "null" : text)")
      } else {
        let text = category(feature, using: &random)
        if fate == 0 { continue }
        let key = shape == .escaped && feature % 2 == 0 ? "\\u0066" + name(feature).dropFirst() : name(feature)
        let value = shape == .escaped ? "\\u0063" + text.dropFirst() : text
        categorical.append(fate == 1 ? "\"\(key)\":null" : "\"\(key)\":\"\(value)\"")
      }
    }
    if shape == .nested {
      plainMembers.append("\"context\":{\(context.joined(separator: ","))}")
      plainMembers.append(
        "\"input\":{\"n\":{\(numeric.joined(separator: ","))},\"c\":{\(categorical.joined(separator: ","))}}")
    } else {
      plainMembers += context + numeric + categorical
    }
    if shape == .unordered { plainMembers.shuffle(using: &random) }
    return "{\(plainMembers.joined(separator: ","))}"
  }

  /// A row that the model was trained on: the value of every feature, then the score, as JSON text; nil for none.
  func trainingRow(using random: inout SeededGenerator) -> [String?] {
    (0..<features).map { feature in
      let fate = random.next() % 100
      let text = isNumeric(feature) ? number(feature, using: &random) : "\"\(category(feature, using: &random))\""
      return fate == 0 ? nil : text
    } + ["\(Double(random.next() % 10_000) / 10_000)"]
  }

  /// Events in UTF-8 one after another, each followed by a line feed.
  func events(_ count: Int, seed: UInt64 = 1) -> EventBuffer {
    var random = SeededGenerator(seed: seed)
    var buffer = EventBuffer()
    for index in 0..<count { buffer.append(event(index, using: &random)) }
    return buffer
  }
}

/// Messages in one piece of memory.
struct EventBuffer {
  private(set) var bytes: [UInt8] = []
  private(set) var ends: [Int] = []

  var count: Int { ends.count }

  mutating func append(_ text: String) { append(text.utf8) }

  mutating func append(_ message: some Sequence<UInt8>) {
    bytes.append(contentsOf: message)
    ends.append(bytes.count)
    bytes.append(UInt8(ascii: "\n"))
  }

  /// Calls `body` with every message.
  func forEach(_ body: (Int, UnsafeRawBufferPointer) throws -> Void) rethrows {
    try bytes.withUnsafeBytes { bytes in
      var start = 0
      for (index, end) in ends.enumerated() {
        try body(index, UnsafeRawBufferPointer(rebasing: bytes[start..<end]))
        start = end + 1
      }
    }
  }
}
