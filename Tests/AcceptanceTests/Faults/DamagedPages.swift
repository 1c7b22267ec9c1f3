import Foundation
import Testing

/// A ledger's file that a disk has damaged: bytes of pages flipped, nothing else changed.
struct DamagedPages {
  let file: URL

  /// Bytes of a page; what the service makes.
  static let size = 8192

  /// The numbers, from 1 on, of the leaf pages of a table, in the order of its rows. Nobody may have the file.
  func leaves(of table: String) throws -> [Int] {
    let script = """
      import sqlite3, sys
      rows = sqlite3.connect(sys.argv[1]).execute(
        "SELECT pageno FROM dbstat WHERE name = ? AND pagetype = 'leaf' ORDER BY path", (sys.argv[2],))
      print(*[row[0] for row in rows])
      """
    let python = Process()
    python.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    python.arguments = ["python3", "-c", script, file.path, table]
    let pipe = Pipe()
    python.standardOutput = pipe
    try python.run()
    let text = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    python.waitUntilExit()
    return text.split(whereSeparator: \.isWhitespace).compactMap { Int($0) }
  }

  /// Flips the bytes of each page that say how many cells it has and where they are.
  func flip(_ pages: some Sequence<Int>) throws {
    let handle = try FileHandle(forUpdating: file)
    defer { try? handle.close() }
    for page in pages {
      // The first page begins with the header of the file.
      let start = UInt64((page - 1) * Self.size + (page == 1 ? 100 : 0)) + 3
      try handle.seek(toOffset: start)
      let bytes = try #require(try handle.read(upToCount: 5))
      try handle.seek(toOffset: start)
      try handle.write(contentsOf: Data(bytes.map { ~$0 }))
    }
  }

  /// Flips the first bytes of the file, by which SQLite knows its own.
  func flipHeader() throws {
    let handle = try FileHandle(forUpdating: file)
    defer { try? handle.close() }
    let bytes = try #require(try handle.read(upToCount: 8))
    try handle.seek(toOffset: 0)
    try handle.write(contentsOf: Data(bytes.map { ~$0 }))
  }
}
