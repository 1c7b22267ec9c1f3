/// Which part of the baseline a slice is compared with.
package enum Against: String, Sendable, CaseIterable {
  /// The slice's own training rows, of which the baseline has at least 1,000.
  case slice
  /// The whole baseline.
  case all
}
