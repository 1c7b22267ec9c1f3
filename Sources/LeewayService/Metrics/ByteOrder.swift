/// The order of two texts' bytes, which no locale or normal form changes.
func precedes(_ a: String, _ b: String) -> Bool { a.utf8.lexicographicallyPrecedes(b.utf8) }

/// Texts in order, the first that differs decides.
func precedes(_ a: [String], _ b: [String]) -> Bool {
  for (x, y) in zip(a, b) where x != y { return precedes(x, y) }
  return a.count < b.count
}
