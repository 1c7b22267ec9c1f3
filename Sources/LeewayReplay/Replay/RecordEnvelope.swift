import Foundation
import LeewayConfiguration
import LeewayCore

/// Reads records as `kcat -J` writes them, one a line: the value in `payload`, and around it `key`, `ts` in milliseconds and `headers`,
/// an array of names and values in turn. One thread's; what it hands out is valid until the next line.
final class RecordEnvelope {
  private enum Slot: Int, CaseIterable { case ts, headers, key, payload }

  private let extractor: JSONExtractor
  /// Views of what the extractor has.
  private var headers: [(name: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer?)] = []
  /// The text of a value that the line has as JSON.
  private var rewritten = UnsafeMutableRawBufferPointer.allocate(byteCount: 0, alignment: 1)

  /// - Parameter messageBytes: the longest line, in bytes.
  init(messageBytes: Int) throws {
    extractor = JSONExtractor(
      fields: try Slot.allCases.map { try FieldPath(key: "\($0)") },
      limits: DecodeLimits(messageBytes: messageBytes))
  }

  deinit { rewritten.deallocate() }

  /// - Throws: `InputProblem` with what is wrong and the fix, without the place.
  func read(_ line: UnsafeRawBufferPointer, number: Int) throws -> SourceMessage {
    do { try extractor.extract(line) } catch { throw InputProblem("\(error.code): \(error.reason)") }
    let payload = extractor[Slot.payload.rawValue]
    let time = extractor[Slot.ts.rawValue]
    guard payload.kind != .absent, time.kind == .int64 || time.kind == .null else {
      throw InputProblem(
        "no record with ts and payload, and the monitor reads its key, headers or timestamp; write the topic to a file with: "
          + "kcat -C -e -J -t TOPIC")
    }
    try readHeaders()
    let milliseconds = time.int64 ?? -1
    var message = SourceMessage(
      offset: Int64(number), recordTime: milliseconds < 0 ? nil : EventTime(milliseconds: milliseconds),
      key: extractor[Slot.key.rawValue].text, value: try value(payload))
    message.headers = RecordHeaders(record: Unmanaged.passUnretained(self).toOpaque()) { record, name, count in
      Unmanaged<RecordEnvelope>.fromOpaque(record).takeUnretainedValue().header(name, &count.pointee)
    }
    return message
  }

  private func value(_ payload: FieldValue) throws -> UnsafeRawBufferPointer? {
    if payload.kind == .null { return nil }
    if let text = payload.text { return text }
    // What kcat has decoded itself (`-s value=avro`) is no text.
    guard let tree = extractor.tree(of: payload) else {
      throw InputProblem("the payload holds a number that is out of range; fix the producer")
    }
    let text = CanonicalJSON.bytes(of: tree)
    rewritten.deallocate()
    rewritten = .allocate(byteCount: text.count, alignment: 1)
    rewritten.copyBytes(from: text)
    return UnsafeRawBufferPointer(rewritten)
  }

  private func readHeaders() throws {
    headers.removeAll(keepingCapacity: true)
    let list = extractor[Slot.headers.rawValue]
    guard list.kind == .array else { return }
    var name: UnsafeRawBufferPointer?
    extractor.forEachElement(of: list) { value in
      if let known = name {
        headers.append((known, value.text))
        name = nil
      } else {
        name = value.text ?? UnsafeRawBufferPointer(start: nil, count: 0)
      }
    }
    if name != nil { throw InputProblem("headers has a name without a value; it takes names and values in turn") }
  }

  private func header(_ name: UnsafePointer<CChar>, _ count: inout Int) -> UnsafeRawPointer? {
    let wanted = UnsafeRawBufferPointer(start: name, count: strlen(name))
    guard let found = headers.lastIndex(where: { $0.name.elementsEqual(wanted) }) else { return nil }
    guard let value = headers[found].value else {
      count = -1
      return UnsafeRawPointer(name)
    }
    count = value.count
    return value.baseAddress
  }
}
