/// p-values adjusted for the false discovery rate (q-values), in the order given.
///
/// The k-th smallest of m becomes min over j ≥ k of min(1, p₍ⱼ₎·m/j). Rejecting where the adjusted value is at most α keeps
/// the expected share of false rejections at α under independence or positive dependence.
///
/// Example: 0.01, 0.04 and 0.03 become 0.03, 0.04 and 0.04.
///
/// Source: Benjamini and Hochberg, Journal of the Royal Statistical Society B 57 (1995).
///
/// - Precondition: every p-value is in [0, 1].
public func benjaminiHochberg(_ pValues: [Double]) -> [Double] {
  precondition(pValues.allSatisfy { $0 >= 0 && $0 <= 1 }, "p-values are in [0, 1]")
  let order = pValues.indices.sorted { (pValues[$0], $0) < (pValues[$1], $1) }
  var adjusted = pValues
  var smallest = 1.0
  for (position, index) in order.enumerated().reversed() {
    // The quotient first: it is at least 1, so that no p-value shrinks by rounding.
    smallest = min(smallest, pValues[index] * (Double(pValues.count) / Double(position + 1)))
    adjusted[index] = smallest
  }
  return adjusted
}
