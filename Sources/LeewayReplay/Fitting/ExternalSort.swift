import Foundation
import LeewayConfiguration

/// Sorts more doubles than memory should hold: runs of at most `runLength` are sorted and, from the second on, kept in a
/// temporary file that is gone when this is. Memory: one run while filling, 64 KiB a run while merging.
final class ExternalSort {
  private let runLength: Int
  private let directory: URL
  private var current: [Double] = []
  private var runs: [(start: UInt64, count: Int)] = []
  private var file: FileHandle?
  private(set) var count: Int64 = 0

  init(runLength: Int = 1 << 19, directory: URL = FileManager.default.temporaryDirectory) {
    self.runLength = runLength
    self.directory = directory
  }

  deinit { try? file?.close() }

  /// - Parameter value: finite.
  func append(_ value: Double) throws(EnvironmentProblem) {
    count += 1
    current.append(value)
    if current.count == runLength { try spill() }
  }

  private func spill() throws(EnvironmentProblem) {
    do {
      let file = try file ?? makeFile()
      self.file = file
      current.sort()
      let start = try file.seekToEnd()
      try current.withUnsafeBytes { try file.write(contentsOf: $0) }
      runs.append((start, current.count))
      current.removeAll(keepingCapacity: true)
    } catch {
      throw EnvironmentProblem(
        "cannot write sorted values to \(directory.path): \(error.localizedDescription); free space there or set TMPDIR"
      )
    }
  }

  private func makeFile() throws -> FileHandle {
    let url = directory.appendingPathComponent("leeway-sort-\(UUID().uuidString)")
    let descriptor = open(url.path, O_RDWR | O_CREAT | O_EXCL, 0o600)
    guard descriptor >= 0 else { throw CocoaError(.fileWriteNoPermission) }
    // Nameless from the start, so that nothing is left behind however the process ends.
    unlink(url.path)
    return FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
  }

  /// Calls `body` with every distinct value in ascending order and how often it came. May be called again.
  func forEachRun(_ body: (Double, Int64) -> Void) throws(EnvironmentProblem) {
    current.sort()
    guard !runs.isEmpty else {
      var i = 0
      while i < current.count {
        let value = current[i]
        var j = i
        while j < current.count, current[j] == value { j += 1 }
        body(value, Int64(j - i))
        i = j
      }
      return
    }
    var cursors = runs.map { Cursor(position: $0.start, remaining: $0.count) }
    var memory = Cursor(position: 0, remaining: 0)
    memory.buffer = current
    cursors.append(memory)
    for i in cursors.indices { try refill(&cursors[i]) }
    var value = Double.nan
    var count: Int64 = 0
    while true {
      // Few runs: a scan for the least is as good as a heap.
      var least: Int?
      for i in cursors.indices where cursors[i].next < cursors[i].buffer.count {
        if least == nil || cursors[i].head < cursors[least!].head { least = i }
      }
      guard let least else { break }
      let head = cursors[least].head
      if head != value, count > 0 {
        body(value, count)
        count = 0
      }
      value = head
      while cursors[least].next < cursors[least].buffer.count, cursors[least].head == value {
        cursors[least].next += 1
        count += 1
        try refill(&cursors[least])
      }
    }
    if count > 0 { body(value, count) }
  }

  private struct Cursor {
    var position: UInt64
    var remaining: Int
    var buffer: [Double] = []
    var next = 0

    init(position: UInt64, remaining: Int) {
      self.position = position
      self.remaining = remaining
    }

    var head: Double { buffer[next] }
  }

  private func refill(_ cursor: inout Cursor) throws(EnvironmentProblem) {
    guard cursor.next == cursor.buffer.count, cursor.remaining > 0, let file else { return }
    let wanted = min(cursor.remaining, 8192)
    do {
      try file.seek(toOffset: cursor.position)
      guard let bytes = try file.read(upToCount: wanted * 8), bytes.count == wanted * 8 else {
        throw EnvironmentProblem("sorted values in \(directory.path) were cut short")
      }
      cursor.buffer = [Double](unsafeUninitializedCapacity: wanted) { target, count in
        bytes.copyBytes(to: UnsafeMutableRawBufferPointer(target))
        count = wanted
      }
    } catch {
      throw EnvironmentProblem("cannot read sorted values back from \(directory.path): \(error)")
    }
    cursor.position += UInt64(wanted * 8)
    cursor.remaining -= wanted
    cursor.next = 0
  }
}
