/// What a prediction and its labels are joined by: the text of one field, or of several the canonical JSON array of their
/// texts, so that `["a","bc"]` and `["ab","c"]` stay apart.
enum JoinID {
  static let maximumBytes = 1024

  /// nil if a part is missing or no text, number or boolean, a single one is empty, or the whole is longer than
  /// `maximumBytes`.
  ///
  /// - Parameter texts: of the fields in the order that the monitor names them, at least one.
  static func of(_ texts: [[UInt8]?]) -> [UInt8]? {
    let parts = texts.compactMap { $0 }
    guard parts.count == texts.count, let first = parts.first else { return nil }
    let id =
      parts.count == 1
      ? first : CanonicalJSON.bytes(of: .array(parts.map { .string(String(decoding: $0, as: UTF8.self)) }))
    return id.isEmpty || id.count > maximumBytes ? nil : id
  }
}

/// A share of all ids, the same for predictions, labels, instances and runs.
struct JoinSample: Equatable {
  /// Hashes below it are in the sample; nil: all are.
  private let below: UInt64?

  /// - Parameter share: in (0, 1].
  init(share: Double) {
    let scaled = share * 0x1p64
    below = scaled >= 0x1p64 ? nil : UInt64(max(scaled, 0))
  }

  func contains(_ id: [UInt8]) -> Bool { below.map { Digest64.hash(id) < $0 } ?? true }
}
