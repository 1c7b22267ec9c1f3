internal import Glibc

/// Where a field lies, in bytes from its row's start.
struct FieldRange {
  var start: Int
  var end: Int
}

/// Finds the fields of one row in a buffer, and undoes the quoting in place.
struct CSVRowParser: ~Copyable {
  enum Outcome: Equatable {
    /// The row goes on behind the buffer; nothing was changed.
    case incomplete
    /// There is no further row.
    case end
    /// - length: of the row with its end; newlines: in these bytes.
    case row(length: Int, newlines: Int)
    /// - offset: of the place to name.
    case failed(String, offset: Int)
  }

  private let limits: CSVReader.Limits
  private var storage: UnsafeMutableBufferPointer<FieldRange>
  /// How many fields the latest row has.
  private(set) var count = 0
  /// The latest row was an empty line.
  private(set) var isBlank = false

  var fields: UnsafePointer<FieldRange> { UnsafePointer(storage.baseAddress.unsafelyUnwrapped) }

  init(_ limits: CSVReader.Limits) {
    precondition(limits.field > 0 && limits.row > 0 && limits.columns > 0)
    self.limits = limits
    storage = .allocate(capacity: 64)
  }

  deinit { storage.deallocate() }

  private static let quote = UInt8(ascii: "\"")
  private static let comma = UInt8(ascii: ",")
  private static let lineFeed = UInt8(ascii: "\n")
  private static let carriageReturn = UInt8(ascii: "\r")

  /// - Parameters:
  ///   - buffer: starts where the row does.
  ///   - isEnd: no byte comes behind the buffer.
  mutating func parse(_ buffer: UnsafeMutableRawBufferPointer, isEnd: Bool) -> Outcome {
    count = 0
    guard let base = buffer.baseAddress, !buffer.isEmpty else { return isEnd ? .end : .incomplete }
    let bytes = base.assumingMemoryBound(to: UInt8.self)
    let end = buffer.count
    var position = 0
    var newlines = 0
    var hasDoubledQuotes = false
    while true {
      let start = position
      if count == limits.columns {
        return .failed("the row has more than \(limits.columns) fields, the limit", offset: 0)
      }
      if position < end, bytes[position] == Self.quote {
        switch closingQuote(bytes, start, end, isEnd, &newlines, &hasDoubledQuotes) {
        case .found(let closing):
          append(FieldRange(start: start + 1, end: closing))
          position = closing + 1
        case .incomplete:
          return tooLong(end, start) ?? .incomplete
        case .missing:
          return tooLong(end, start) ?? .failed("the quote that opens here is never closed", offset: start)
        }
      } else {
        position = Self.unquotedEnd(bytes, position, end)
        append(FieldRange(start: start, end: position))
      }
      if position - start > limits.field || position > limits.row {
        return tooLong(position, start) ?? .incomplete
      }
      guard position < end else {
        guard isEnd else { return .incomplete }
        return finish(bytes, length: end, newlines, hasDoubledQuotes)
      }
      switch bytes[position] {
      case Self.comma:
        position += 1
      case Self.lineFeed:
        return finish(bytes, length: position + 1, newlines + 1, hasDoubledQuotes)
      case Self.carriageReturn where position + 1 < end && bytes[position + 1] == Self.lineFeed:
        return finish(bytes, length: position + 2, newlines + 1, hasDoubledQuotes)
      case Self.carriageReturn where position + 1 == end:
        // A CR that ends the file ends the row too.
        guard isEnd else { return .incomplete }
        return finish(bytes, length: end, newlines, hasDoubledQuotes)
      default:
        return .failed(
          "text follows the closing quote of field \(count); double the quotes inside a quoted field",
          offset: position)
      }
    }
  }

  // MARK: Fields

  /// The index of the first comma, of the row's end, or `end`.
  private static func unquotedEnd(_ bytes: UnsafePointer<UInt8>, _ start: Int, _ end: Int) -> Int {
    var position = start
    while position < end {
      let byte = bytes[position]
      // Most bytes of a number or a word are above the comma.
      if byte <= comma {
        if byte == comma || byte == lineFeed { return position }
        // A CR is an end only before LF, or where the next byte isn't there to tell.
        if byte == carriageReturn, position + 1 == end || bytes[position + 1] == lineFeed { return position }
      }
      position += 1
    }
    return end
  }

  private enum Quote {
    case found(Int)
    case incomplete
    case missing
  }

  private func closingQuote(
    _ bytes: UnsafePointer<UInt8>, _ start: Int, _ end: Int, _ isEnd: Bool, _ newlines: inout Int,
    _ hasDoubledQuotes: inout Bool
  ) -> Quote {
    var position = start + 1
    while position < end {
      let byte = bytes[position]
      if byte == Self.quote {
        guard position + 1 < end else { return isEnd ? .found(position) : .incomplete }
        guard bytes[position + 1] == Self.quote else { return .found(position) }
        hasDoubledQuotes = true
        position += 1
      } else if byte == Self.lineFeed {
        newlines += 1
      }
      position += 1
    }
    return isEnd ? .missing : .incomplete
  }

  private func tooLong(_ position: Int, _ start: Int) -> Outcome? {
    if position - start > limits.field {
      let isQuoted = count == 0 || fields[count - 1].start != start
      let hint = isQuoted ? "; is a closing quote missing?" : ""
      return .failed("the field that starts here is longer than \(limits.field) bytes, the limit\(hint)", offset: start)
    }
    return position > limits.row
      ? .failed("the row that starts here is longer than \(limits.row) bytes, the limit", offset: 0) : nil
  }

  private mutating func append(_ field: FieldRange) {
    if count == storage.count {
      let larger = UnsafeMutableBufferPointer<FieldRange>.allocate(capacity: count * 2)
      _ = larger.moveInitialize(fromContentsOf: storage)
      storage.deallocate()
      storage = larger
    }
    storage[count] = field
    count += 1
  }

  private mutating func finish(
    _ bytes: UnsafeMutablePointer<UInt8>, length: Int, _ newlines: Int, _ hasDoubledQuotes: Bool
  ) -> Outcome {
    // Only now: a row that goes on behind the buffer is parsed again from its start.
    if hasDoubledQuotes { for index in 0..<count { undouble(bytes, &storage[index]) } }
    isBlank = count == 1 && storage[0].start == 0 && storage[0].end == 0
    return .row(length: length, newlines: newlines)
  }

  /// Takes one quote out of each pair. Only a quoted field starts behind a quote, and only it holds pairs that count.
  private func undouble(_ bytes: UnsafeMutablePointer<UInt8>, _ field: inout FieldRange) {
    guard field.start > 0, bytes[field.start - 1] == Self.quote else { return }
    var written = field.start
    var position = field.start
    while position < field.end {
      bytes[written] = bytes[position]
      position += bytes[position] == Self.quote ? 2 : 1
      written += 1
    }
    field.end = written
  }
}
