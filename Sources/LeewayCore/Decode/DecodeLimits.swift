/// What a message may cost.
package struct DecodeLimits: Hashable, Sendable {
  /// The greatest size of a message in bytes, 1 to 2^30.
  package let messageBytes: Int
  /// The greatest number of objects and arrays that are open at a time, 1 to 1024; empty ones need not count.
  package let depth: Int

  /// The greatest number of rows in a message (rule F1).
  package static let maximumRows = 10_000

  /// Limits for one message; both are the program's or a checked configuration's, so values out of range are a
  /// mistake of ours.
  package init(messageBytes: Int = 1 << 20, depth: Int = 64) {
    precondition((1...1 << 30).contains(messageBytes) && (1...1024).contains(depth))
    self.messageBytes = messageBytes
    self.depth = depth
  }
}
