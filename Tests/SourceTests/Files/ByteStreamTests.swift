import Glibc
import LeewayTestSupport
import Testing

@testable import LeewaySource

@Suite struct ByteStreamTests {
  /// What gzip(1) wrote: `one\ntwo` with the name a.txt in its header, then `\nthree\n`.
  static let twoMembers: [UInt8] = {
    let hex =
      "1f8b080800f153650003612e74787400cbcf4be52a29cf070075c688020700"
      + "00001f8b0800000000000203e32ac9284a4de502004be4987707000000"
    return stride(from: 0, to: hex.count, by: 2).map { index in
      let start = hex.index(hex.startIndex, offsetBy: index)
      return UInt8(hex[start..<hex.index(start, offsetBy: 2)], radix: 16) ?? 0
    }
  }()

  /// Everything in the file, read in pieces of at most `piece`.
  func content(_ path: String, chunk: Int = 64, piece: Int = 64) throws(FileError) -> [UInt8] {
    let stream = try ByteStream(path: path, chunk: chunk)
    return try content(stream, piece)
  }

  func content(_ stream: ByteStream, _ piece: Int = 64) throws(FileError) -> [UInt8] {
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: piece, alignment: 1)
    defer { buffer.deallocate() }
    var bytes: [UInt8] = []
    while true {
      let count = try stream.read(into: buffer)
      if count == 0 { return bytes }
      bytes.append(contentsOf: buffer[..<count])
    }
  }

  @Test func readsSeveralMembersWhateverTheChunks() throws {
    let file = try TemporaryFile(Self.twoMembers)
    for chunk in 1...Self.twoMembers.count + 1 {
      for piece in [1, 2, 3, 64] {
        let bytes = try content(file.path, chunk: chunk, piece: piece)
        #expect(String(decoding: bytes, as: UTF8.self) == "one\ntwo\nthree\n", "chunk \(chunk), piece \(piece)")
      }
    }
  }

  @Test func takesZeroesBehindTheLastMemberForPadding() throws {
    let padded = try TemporaryFile(Self.twoMembers + [UInt8](repeating: 0, count: 1000))
    #expect(try content(padded.path).count == 14)
    let followed = try TemporaryFile(Self.twoMembers + Array("rest".utf8))
    let error = #expect(throws: FileError.self) { try content(followed.path) }
    #expect(
      error?.description
        == "\(followed.path): byte \(Self.twoMembers.count): something that isn't gzip follows the gzip data")
  }

  @Test func aFileCutAnywhereIsAnError() throws {
    // A cut between the members can't be told from a whole file.
    let first = gzip(Array("one\ntwo".utf8))
    let whole = first + gzip(Array("\nthree\n".utf8))
    for length in 2..<whole.count where length != first.count {
      let file = try TemporaryFile(whole[..<length])
      let error = #expect(throws: FileError.self, "cut to \(length)") { try content(file.path, chunk: 7) }
      #expect(
        error?.description == "\(file.path): byte \(length): the gzip data breaks off here; is the file complete?")
    }
  }

  @Test func damageIsNeverTakenForContent() throws {
    let original = Array("one\ntwo\nthree\n".utf8)
    var refused = 0
    for index in 2..<Self.twoMembers.count {
      for bit in 0..<8 {
        var damaged = Self.twoMembers
        damaged[index] ^= 1 << bit
        let file = try TemporaryFile(damaged)
        do throws(FileError) {
          // A header's time or name may change without harm.
          let bytes = try content(file.path)
          #expect(bytes == original, "byte \(index), bit \(bit)")
        } catch {
          refused += 1
          #expect(error.file == file.path)
          guard case .byte(let byte) = error.place else {
            Issue.record("no byte: \(error)")
            continue
          }
          #expect(byte >= 0 && byte <= Int64(damaged.count))
        }
      }
    }
    #expect(refused > Self.twoMembers.count * 4)
  }

  @Test func knowsGzipByItsContentAndNotItsName() throws {
    for text in ["", "x", "\u{1F}", "plain text\n"] {
      for chunk in [1, 2, 64] {
        let file = try TemporaryFile(text)
        let stream = try ByteStream(path: file.path, chunk: chunk)
        #expect(stream.totalBytes == Int64(text.utf8.count))
        #expect(try content(stream, 3) == Array(text.utf8))
        #expect(stream.consumedBytes == stream.totalBytes)
      }
    }
  }

  @Test func countsWhatIsConsumedOfTheFileAsStored() throws {
    var generator = SeededGenerator(seed: 1)
    let packed = gzip((0..<200_000).map { _ in UInt8.random(in: 0...255, using: &generator) })
    let file = try TemporaryFile(packed)
    let stream = try ByteStream(path: file.path, chunk: 1000)
    #expect(stream.totalBytes == Int64(packed.count))
    #expect(stream.consumedBytes == 0)
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 5000, alignment: 1)
    defer { buffer.deallocate() }
    var last: Int64 = 0
    while try stream.read(into: buffer) > 0 {
      #expect(stream.consumedBytes > last)
      #expect(stream.consumedBytes <= Int64(packed.count))
      last = stream.consumedBytes
    }
    #expect(stream.consumedBytes == Int64(packed.count))
  }

  @Test func saysWhyAFileCannotBeRead() throws {
    let missing = #expect(throws: FileError.self) { try ByteStream(path: "/nowhere/at/all.csv") }
    #expect(missing?.description == "/nowhere/at/all.csv: there is no such file; check its name and its folder")
    let directory = #expect(throws: FileError.self) { try content("/tmp") }
    #expect(directory?.description == "/tmp: is a folder; name a file, or several, as FOLDER/*.gz")
  }

  @Test func aDashIsStandardInput() throws {
    var pipes: [Int32] = [0, 0]
    try #require(pipe(&pipes) == 0)
    let bytes = Self.twoMembers
    #expect(bytes.withUnsafeBytes { write(pipes[1], $0.baseAddress, $0.count) } == bytes.count)
    close(pipes[1])
    let saved = dup(STDIN_FILENO)
    dup2(pipes[0], STDIN_FILENO)
    defer {
      dup2(saved, STDIN_FILENO)
      close(saved)
      close(pipes[0])
    }
    let stream = try ByteStream(path: "-")
    #expect(stream.name == "standard input")
    #expect(stream.totalBytes == nil)
    #expect(try content(stream) == Array("one\ntwo\nthree\n".utf8))
    #expect(stream.consumedBytes == Int64(bytes.count))
  }
}
