/// Sizes in bytes as people write them: a whole number, by itself or with kB, MB, GB (powers of 1000), KiB, MiB or GiB (powers of
/// 1024).
package enum ByteCount {
  private static let units: [(name: String, bytes: Int64)] = [
    ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10), ("GB", 1_000_000_000), ("MB", 1_000_000), ("kB", 1000),
    ("", 1),
  ]

  /// nil for what is no size, and beyond 2^63 − 1.
  package static func read(_ text: String) -> Int64? {
    let digits = text.prefix { $0.isASCII && $0.isNumber }
    let name = text[digits.endIndex...].trimmingPrefix { $0 == " " }
    guard let unit = units.first(where: { $0.name == name }), let count = Int64(digits) else { return nil }
    let (bytes, overflow) = count.multipliedReportingOverflow(by: unit.bytes)
    return overflow ? nil : bytes
  }

  /// `1 MiB`, `1500 bytes`: in the largest power of 1024 that divides it.
  package static func shown(_ bytes: Int) -> String {
    for (name, unit) in units.prefix(3) where bytes > 0 && bytes.isMultiple(of: Int(unit)) {
      return "\(bytes / Int(unit)) \(name)"
    }
    return "\(bytes) bytes"
  }
}
