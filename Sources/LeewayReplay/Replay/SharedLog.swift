import Foundation
import LeewayCore
import LeewaySource

/// A file of predictions that several threads read together: it hands out runs of lines, and lets them settle in the
/// order of the file.
///
/// Unchecked Sendable: the reader and what it counts are used under `reading`, the rest under `order`.
final class SharedLog: @unchecked Sendable {
  private let reading = NSLock()
  private let stream: ByteStream
  private let lines: LineReader
  let file: String
  private let progress: (String, Double?, Int64) -> Void
  private var handedOut = 0
  private var rows: Int64 = 0

  private let order = NSCondition()
  private var settled = 0
  private var watermark = EventTime.distantPast
  private var firstFailure: (any Error)?

  /// - Parameter limit: the longest line in bytes.
  init(path: String, limit: Int, progress: @escaping (String, Double?, Int64) -> Void) throws {
    file = path
    stream = try ByteStream(path: path)
    lines = LineReader(stream, limit: limit)
    self.progress = progress
  }

  /// Once all have ended.
  var tooLongLines: Int { reading.withLock { lines.tooLongLines } }

  /// Why reading has ended before its time.
  var failure: (any Error)? { order.withLock { firstFailure } }

  /// Copies the next lines, as many as a run may have.
  ///
  /// - Returns: the run's number; nil at the end of the file.
  func next(_ length: Int, into run: inout LineRun) throws -> Int? {
    try reading.withLock {
      run.removeAll()
      while run.count < length, let line = try lines.next() {
        rows += 1
        if case .text(let text, let number) = line, !text.isEmpty { run.append(text, number: number) }
      }
      guard run.count > 0 else { return nil }
      if handedOut % 16 == 0 {
        progress(stream.name, stream.totalBytes.map { Double(stream.consumedBytes) / Double(max($0, 1)) }, rows)
      }
      defer { handedOut += 1 }
      return handedOut
    }
  }

  /// Waits until all runs before this one have settled, then settles it: `body` takes the watermark before the run and
  /// returns the one after it.
  ///
  /// - Returns: false if another thread has failed; its run will never settle.
  func settle(_ run: Int, _ body: (EventTime) -> EventTime) -> Bool {
    order.withLock {
      while settled != run, firstFailure == nil { order.wait() }
      guard firstFailure == nil else { return false }
      watermark = body(watermark)
      settled += 1
      order.broadcast()
      return true
    }
  }

  func fail(_ error: any Error) {
    order.withLock {
      if firstFailure == nil { firstFailure = error }
      order.broadcast()
    }
  }
}

/// Lines of a file, copied.
struct LineRun {
  private var bytes: [UInt8] = []
  private var ends: [(end: Int, number: Int)] = []

  var count: Int { ends.count }

  mutating func append(_ text: UnsafeRawBufferPointer, number: Int) {
    bytes.append(contentsOf: text)
    ends.append((bytes.count, number))
  }

  mutating func removeAll() {
    bytes.removeAll(keepingCapacity: true)
    ends.removeAll(keepingCapacity: true)
  }

  /// Every line with its number in the file, from 1.
  func forEach(_ body: (UnsafeRawBufferPointer, Int) throws -> Void) rethrows {
    try bytes.withUnsafeBytes { bytes in
      var start = 0
      for (end, number) in ends {
        try body(UnsafeRawBufferPointer(rebasing: bytes[start..<end]), number)
        start = end
      }
    }
  }
}
