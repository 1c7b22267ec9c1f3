extension EventTime: CustomStringConvertible {
  /// RFC 3339 in UTC with milliseconds, as `2025-03-01T12:00:00.250Z`. The two sentinels read `distant past` and
  /// `distant future`, and other times out of the years 0000 to 9999 are written as the nearest one within.
  package var description: String {
    switch self {
    case .distantPast: "distant past"
    case .distantFuture: "distant future"
    default:
      String(unsafeUninitializedCapacity: Self.textLength) { buffer in
        writeText { index, byte in buffer[index] = byte }
        return Self.textLength
      }
    }
  }

  /// The length of the RFC 3339 text in bytes.
  package static let textLength = 24

  /// Appends the RFC 3339 text.
  package func appendText(to bytes: inout [UInt8]) {
    let start = bytes.count
    bytes.append(contentsOf: repeatElement(0, count: Self.textLength))
    writeText { index, byte in bytes[start + index] = byte }
  }

  private func writeText(_ put: (Int, UInt8) -> Void) {
    let time = min(max(self, .earliestWritable), .latestWritable).milliseconds
    let day = time.dividedRoundingDown(by: 86_400_000)
    let rest = Int(time - day * 86_400_000)
    let date = CivilDate(daysSinceEpoch: Int(day))
    func digits(_ value: Int, _ index: Int, _ count: Int) {
      var value = value
      for place in stride(from: index + count - 1, through: index, by: -1) {
        put(place, UInt8(ascii: "0") + UInt8(value % 10))
        value /= 10
      }
    }
    digits(date.year, 0, 4)
    put(4, UInt8(ascii: "-"))
    digits(date.month, 5, 2)
    put(7, UInt8(ascii: "-"))
    digits(date.day, 8, 2)
    put(10, UInt8(ascii: "T"))
    digits(rest / 3_600_000, 11, 2)
    put(13, UInt8(ascii: ":"))
    digits(rest / 60_000 % 60, 14, 2)
    put(16, UInt8(ascii: ":"))
    digits(rest / 1000 % 60, 17, 2)
    put(19, UInt8(ascii: "."))
    digits(rest % 1000, 20, 3)
    put(23, UInt8(ascii: "Z"))
  }

  /// Reads an RFC 3339 time of the years 0000 to 9999 (in UTC): any offset, any number of fractional digits (what is
  /// finer than a millisecond is cut off), `t` and `z` in either case, a space for the `T`. The leap second `:60` is
  /// taken as 59.999. Nil for anything else.
  package init?(rfc3339 text: UnsafeRawBufferPointer) {
    var reader = TextReader(bytes: text)
    guard let year = reader.digits(4), reader.take("-"), let month = reader.digits(2), reader.take("-"),
      let day = reader.digits(2), (1...12).contains(month), day >= 1,
      day <= CivilDate.daysInMonth(month, ofYear: year),
      reader.take("T") || reader.take("t") || reader.take(" "),
      let hour = reader.digits(2), reader.take(":"), let minute = reader.digits(2), reader.take(":"),
      var second = reader.digits(2), hour < 24, minute < 60, second <= 60
    else { return nil }
    var fraction = 0
    if reader.take(".") {
      var weight = 100
      guard let first = reader.digits(1) else { return nil }
      fraction = first * weight
      while let digit = reader.digits(1) {
        weight /= 10
        fraction += digit * weight
      }
    }
    if second == 60 {
      second = 59
      fraction = 999
    }
    var offset = 0
    if !(reader.take("Z") || reader.take("z")) {
      let isWest = reader.take("-")
      guard isWest || reader.take("+"), let hours = reader.digits(2), reader.take(":"), let minutes = reader.digits(2),
        hours < 24, minutes < 60
      else { return nil }
      offset = (hours * 60 + minutes) * (isWest ? -60_000 : 60_000)
    }
    guard reader.isAtEnd else { return nil }
    let days = CivilDate(year: year, month: month, day: day).daysSinceEpoch
    let time = days * 86_400_000 + ((hour * 60 + minute) * 60 + second) * 1000 + fraction - offset
    self.init(milliseconds: Int64(time))
    guard self >= .earliestWritable, self <= .latestWritable else { return nil }
  }

  /// Reads an RFC 3339 time from a string; see ``init(rfc3339:)-(UnsafeRawBufferPointer)``.
  package init?(rfc3339 text: String) {
    var text = text
    let time = text.withUTF8 { EventTime(rfc3339: UnsafeRawBufferPointer($0)) }
    guard let time else { return nil }
    self = time
  }
}

/// A day of the Gregorian calendar, which is carried back before its beginning.
struct CivilDate: Equatable {
  let year: Int
  let month: Int
  let day: Int

  init(year: Int, month: Int, day: Int) {
    self.year = year
    self.month = month
    self.day = day
  }

  // Both directions count years from 1 March, so that the leap day is a year's last, in cycles of 400 years
  // (146,097 days). 719,468 days lie between 0000-03-01 and 1970-01-01.

  init(daysSinceEpoch: Int) {
    let days = Int64(daysSinceEpoch) + 719_468
    let cycle = days.dividedRoundingDown(by: 146_097)
    let dayOfCycle = Int(days - cycle * 146_097)
    let yearOfCycle = (dayOfCycle - dayOfCycle / 1460 + dayOfCycle / 36_524 - dayOfCycle / 146_096) / 365
    let dayOfYear = dayOfCycle - (365 * yearOfCycle + yearOfCycle / 4 - yearOfCycle / 100)
    let monthFromMarch = (5 * dayOfYear + 2) / 153
    day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
    month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
    year = Int(cycle) * 400 + yearOfCycle + (month <= 2 ? 1 : 0)
  }

  var daysSinceEpoch: Int {
    let shifted = month <= 2 ? year - 1 : year
    let cycle = Int(Int64(shifted).dividedRoundingDown(by: 400))
    let yearOfCycle = shifted - cycle * 400
    let monthFromMarch = month > 2 ? month - 3 : month + 9
    let dayOfYear = (153 * monthFromMarch + 2) / 5 + day - 1
    return cycle * 146_097 + yearOfCycle * 365 + yearOfCycle / 4 - yearOfCycle / 100 + dayOfYear - 719_468
  }

  static func daysInMonth(_ month: Int, ofYear year: Int) -> Int {
    switch month {
    case 2: year.isMultiple(of: 4) && (!year.isMultiple(of: 100) || year.isMultiple(of: 400)) ? 29 : 28
    case 4, 6, 9, 11: 30
    default: 31
    }
  }
}

/// Takes a text apart from left to right.
private struct TextReader {
  let bytes: UnsafeRawBufferPointer
  var position = 0

  init(bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

  var isAtEnd: Bool { position == bytes.count }

  mutating func take(_ character: Unicode.Scalar) -> Bool {
    guard position < bytes.count, bytes[position] == UInt8(ascii: character) else { return false }
    position += 1
    return true
  }

  /// The next `count` digits, at most four, as a number; nil, and nothing taken, if they aren't digits.
  mutating func digits(_ count: Int) -> Int? {
    guard bytes.count - position >= count else { return nil }
    var value = 0
    for index in position..<position + count {
      let digit = bytes[index] &- UInt8(ascii: "0")
      guard digit < 10 else { return nil }
      value = value * 10 + Int(digit)
    }
    position += count
    return value
  }
}
