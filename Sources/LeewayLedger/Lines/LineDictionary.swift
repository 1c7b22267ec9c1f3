import CZstd
import Glibc
import LeewayCore

/// What lines of one monitor, generation and type have in common: a dictionary of zstd, learnt from some of them. A line of
/// a kilobyte then takes some 200 bytes, most of them digits.
///
/// Its bytes are kept in the ledger beside the lines and never change, so what it packed can be read as long as both are
/// there, by every libzstd from 1.0 on.
///
/// `@unchecked Sendable`: it owns both digested forms, and zstd only reads them after they have been made.
final class LineDictionary: @unchecked Sendable {
  /// Its number in the ledger.
  let id: Int64
  fileprivate let packing: OpaquePointer
  fileprivate let unpacking: OpaquePointer

  /// Bytes of a dictionary at most.
  static let capacity = 16 << 10
  /// Lines to learn from: with fewer nothing is learnt, more make it no better.
  static let fewestLines = 128
  static let mostLines = 512
  /// Halfway between speed and size: 9 takes five times as long and saves a twentieth.
  private static let level: CInt = 3

  /// nil where memory is short.
  init?(id: Int64, body: [UInt8]) {
    guard let packing = ZSTD_createCDict(body, body.count, Self.level) else { return nil }
    guard let unpacking = ZSTD_createDDict(body, body.count) else {
      ZSTD_freeCDict(packing)
      return nil
    }
    self.id = id
    self.packing = packing
    self.unpacking = unpacking
  }

  deinit {
    ZSTD_freeCDict(packing)
    ZSTD_freeDDict(unpacking)
  }

  /// The bytes of a dictionary for such lines. Lines that have too little in common to train on are the dictionary
  /// themselves.
  static func body(from lines: [String]) -> [UInt8] {
    var samples: [UInt8] = []
    var sizes: [Int] = []
    for line in lines {
      samples.append(contentsOf: line.utf8)
      sizes.append(line.utf8.count)
    }
    var body = [UInt8](repeating: 0, count: capacity)
    let count = ZDICT_trainFromBuffer(&body, body.count, samples, sizes, CUnsignedInt(clamping: sizes.count))
    guard ZDICT_isError(count) == 0, count > 0, count <= body.count else { return Array(samples.prefix(capacity)) }
    return Array(body.prefix(count))
  }
}

/// Packs and unpacks lines; one thread at a time. A packed line is its dictionary's number as a varint, then a zstd frame
/// without the four bytes that every frame begins with.
final class LinePacker {
  /// Bytes of a line: a frame that says more is damaged.
  static let longestLine = 64 << 20

  private static let magic: [UInt8] = [0x28, 0xB5, 0x2F, 0xFD]
  private var packing: OpaquePointer?
  private var unpacking: OpaquePointer?
  private var buffer: [UInt8] = []

  deinit {
    ZSTD_freeCCtx(packing)
    ZSTD_freeDCtx(unpacking)
  }

  /// nil where it cannot be packed; it is then stored as it is.
  func packed(_ line: String, with dictionary: LineDictionary) -> [UInt8]? {
    if packing == nil {
      packing = ZSTD_createCCtx()
      // The dictionary is named by ours, and its number would be repeated in every line.
      if let packing { ZSTD_CCtx_setParameter(packing, ZSTD_c_dictIDFlag, 0) }
    }
    guard let packing, ZSTD_isError(ZSTD_CCtx_refCDict(packing, dictionary.packing)) == 0 else { return nil }
    var line = line
    return line.withUTF8 { bytes -> [UInt8]? in
      let bound = ZSTD_compressBound(bytes.count)
      if buffer.count < bound { buffer = [UInt8](repeating: 0, count: bound) }
      let count = ZSTD_compress2(packing, &buffer, buffer.count, bytes.baseAddress, bytes.count)
      guard ZSTD_isError(count) == 0, count >= Self.magic.count, buffer.starts(with: Self.magic) else { return nil }
      var out: [UInt8] = []
      out.reserveCapacity(count + 4)
      var id = UInt64(bitPattern: dictionary.id)
      while id >= 0x80 {
        out.append(UInt8(truncatingIfNeeded: id) | 0x80)
        id >>= 7
      }
      out.append(UInt8(truncatingIfNeeded: id))
      out.append(contentsOf: buffer[Self.magic.count..<count])
      return out
    }
  }

  /// Which dictionary a packed line was made with; nil for what no packer made.
  static func dictionary(of packed: [UInt8]) -> Int64? { head(of: packed)?.id }

  private static func head(of packed: [UInt8]) -> (id: Int64, count: Int)? {
    var id: UInt64 = 0
    for (i, byte) in packed.prefix(9).enumerated() {
      id |= UInt64(byte & 0x7F) << UInt64(7 * i)
      if byte < 0x80 { return (Int64(bitPattern: id), i + 1) }
    }
    return nil
  }

  /// nil for what is damaged.
  func line(_ packed: [UInt8], with dictionary: LineDictionary) -> String? {
    guard let head = Self.head(of: packed), head.id == dictionary.id else { return nil }
    if unpacking == nil { unpacking = ZSTD_createDCtx() }
    guard let unpacking else { return nil }
    let frame = Self.magic + packed.dropFirst(head.count)
    let size = ZSTD_getFrameContentSize(frame, frame.count)
    guard size <= UInt64(Self.longestLine) else { return nil }
    if buffer.count < Int(size) { buffer = [UInt8](repeating: 0, count: Int(size)) }
    let count = ZSTD_decompress_usingDDict(
      unpacking, &buffer, buffer.count, frame, frame.count, dictionary.unpacking)
    guard ZSTD_isError(count) == 0, count == Int(size) else { return nil }
    return String(validating: buffer[..<count], as: UTF8.self)
  }
}
