import LeewayCore

/// A position in the order of result lines as clients carry it: hexadecimal digits of a JSON array. Opaque to them, and
/// checked like anything else from outside.
enum ResultCursor {
  static func text(of position: ResultPosition) -> String {
    var json = JSONWriter()
    json.beginArray()
    json.number(position.end.milliseconds)
    json.number(position.size)
    for text in [
      position.slice, position.type, position.subject, position.check, position.metric, position.stage.rawValue,
      position.monitor, position.window, position.generation,
    ] { json.string(text) }
    json.number(position.sequence)
    json.endArray()
    let digits = Array("0123456789abcdef".utf8)
    return String(decoding: json.bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
  }

  /// nil for anything that ``text(of:)`` cannot have made.
  static func position(of text: String) -> ResultPosition? {
    let digits = Array(text.utf8)
    guard digits.count.isMultiple(of: 2), digits.count <= 1 << 16 else { return nil }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(digits.count / 2)
    for index in stride(from: 0, to: digits.count, by: 2) {
      guard let high = value(of: digits[index]), let low = value(of: digits[index + 1]) else { return nil }
      bytes.append(high << 4 | low)
    }
    guard case .array(let parts)? = try? JSONValue(parsing: bytes, maximumBytes: 1 << 16, maximumDepth: 2),
      parts.count == 12, let end = parts[0].integer, let size = parts[1].integer, let sequence = parts[11].integer
    else { return nil }
    var texts: [String] = []
    for part in parts[2..<11] {
      guard case .string(let text) = part else { return nil }
      texts.append(text)
    }
    guard let stage = Stage(rawValue: texts[5]) else { return nil }
    return ResultPosition(
      end: EventTime(milliseconds: end), size: size, slice: texts[0], type: texts[1], subject: texts[2],
      check: texts[3], metric: texts[4], stage: stage, sequence: sequence, monitor: texts[6], window: texts[7],
      generation: texts[8])
  }

  private static func value(of digit: UInt8) -> UInt8? {
    switch digit {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
    default: nil
    }
  }
}
