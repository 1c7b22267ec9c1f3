/// A value that is never shown: it reads `***` wherever it is printed, interpolated or dumped.
package struct Secret: Sendable, Equatable {
  /// The value itself, for the one place that needs it.
  package let revealed: String

  package init(_ value: String) { revealed = value }
}

extension Secret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  package var description: String { "***" }
  package var debugDescription: String { "***" }
  package var customMirror: Mirror { Mirror(self, children: []) }
}
