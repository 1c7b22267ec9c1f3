/// The order of two texts' bytes, which neither locale nor normal form changes.
func precedes(_ a: String, _ b: String) -> Bool { a.utf8.lexicographicallyPrecedes(b.utf8) }

/// Texts in order, of which the first that differs decides. Swift takes `é` and `e` with an accent for equal; Prometheus
/// does not.
func precedes(_ a: [String], _ b: [String]) -> Bool {
  a.lexicographicallyPrecedes(b) { $0.utf8.lexicographicallyPrecedes($1.utf8) }
}
