/// The double nearest to `x`. The standard library's conversion is generic and costs fifty times as much as this; it is
/// left for the rare products of two counts that do not fit into 64 bits.
func double(_ x: Int128) -> Double {
  let low = Int64(truncatingIfNeeded: x)
  return Int128(low) == x ? Double(low) : Double(x)
}
