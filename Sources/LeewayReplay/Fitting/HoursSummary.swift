import LeewayConfiguration
import LeewayCore
import LeewayStatistics

extension BaselineHours {
  /// What a fit found of the hours, for people: `1,344 (56 days) from 2026-01-01 in UTC, plan hours, 1,012 rows an hour`.
  var summary: String {
    let all = slices.first
    let plan = (all.flatMap { try? ShiftNull.plan(ofEncoded: $0.null) }?.rawValue).map { ", plan \($0)" } ?? ""
    var text =
      "\(Thousands.text(Int64(count))) (\(count / 24) days) from \(BaselineFit.dayText(Int((Double(first) / 24).rounded(.down)))) "
      + "in \(zone)\(plan), \(Thousands.text(all?.rows ?? 0)) rows an hour"
    if slices.count > 1 { text += ", \(slices.count - 1) \(slices.count == 2 ? "slice" : "slices")" }
    let left = leftOut.reduce(0) { $0 + $1.count }
    if left > 0 { text += ", \(left) \(left == 1 ? "day" : "days") left out" }
    return text
  }
}
