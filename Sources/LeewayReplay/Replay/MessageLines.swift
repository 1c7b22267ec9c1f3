import LeewayConfiguration
import LeewayCore
import LeewaySource

/// The messages of a file of JSON Lines, or of records where a monitor reads more of a record than its value. One thread's; a message
/// is valid until the next one.
struct MessageLines {
  private let lines: LineReader
  private let envelope: RecordEnvelope?
  private let file: String
  private let asOf: EventTime?

  var tooLongLines: Int { lines.tooLongLines }
  var stream: ByteStream { lines.stream }

  /// - Parameters:
  ///   - ofRecords: whether lines are records.
  ///   - asOf: every message's timestamp, where lines have none.
  ///   - messageBytes: the longest line that counts.
  /// - Throws: `FileError` if the file cannot be read.
  init(_ file: String, ofRecords: Bool, asOf: EventTime? = nil, messageBytes: Int) throws {
    self.file = file
    self.asOf = asOf
    lines = LineReader(try ByteStream(path: file), limit: messageBytes)
    envelope = ofRecords ? try RecordEnvelope(messageBytes: messageBytes) : nil
  }

  /// The next message that is not empty, with the number of its line as its offset; nil at the end.
  ///
  /// - Throws: `FileError`; `InputProblem` where a line is no record.
  func next() throws -> SourceMessage? {
    while let line = try lines.next() {
      guard case .text(let text, let number) = line, text.contains(where: { !Self.isBlank($0) }) else { continue }
      return try Self.message(text, number, envelope, file, asOf)
    }
    return nil
  }

  private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0D }

  /// - Throws: `InputProblem` where the line is no record and should be one.
  static func message(
    _ text: UnsafeRawBufferPointer, _ number: Int, _ envelope: RecordEnvelope?, _ file: String, _ asOf: EventTime?
  ) throws -> SourceMessage {
    guard let envelope else { return SourceMessage(offset: Int64(number), recordTime: asOf, key: nil, value: text) }
    do { return try envelope.read(text, number: number) } catch let problem as InputProblem {
      throw InputProblem("\(file):\(number): \(problem.description)")
    }
  }
}
