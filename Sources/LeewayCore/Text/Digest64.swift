/// A 64-bit hash that never changes: caps, category sets and stored files depend on its values.
///
/// FNV-1a (Fowler, Noll and Vo; offset 0xcbf29ce484222325, prime 0x100000001b3) over the bytes, then the finaliser of
/// SplitMix64 (Steele, Lea and Flood 2014), since FNV's low bits by themselves mix the last byte poorly. It isn't keyed: who
/// chooses the bytes can make collisions, so nothing may rest on it but which of too many names are kept.
package enum Digest64 {
  /// The hash of some bytes.
  package static func hash(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
    var state: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in bytes { state = (state ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
    return mix(state)
  }

  /// The hash of a text's UTF-8.
  package static func hash(_ text: String) -> UInt64 {
    var text = text
    return text.withUTF8 { hash(UnsafeRawBufferPointer($0)) }
  }

  /// The hash of some bytes.
  package static func hash(_ bytes: [UInt8]) -> UInt64 { bytes.withUnsafeBytes { hash($0) } }

  /// Only the finaliser: a permutation of the 64-bit numbers.
  package static func mix(_ value: UInt64) -> UInt64 {
    var value = value
    value = (value ^ (value >> 30)) &* 0xbf58_476d_1ce4_e5b9
    value = (value ^ (value >> 27)) &* 0x94d0_49bb_1331_11eb
    return value ^ (value >> 31)
  }
}
