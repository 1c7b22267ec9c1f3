import Foundation
package import LeewayStatistics

extension ShiftCalendar {
  /// A zone's offsets as this machine's zone data has them.
  ///
  /// - Parameters:
  ///   - zone: IANA's name; UTC if it is not known.
  ///   - hours: since 1970-01-01T00:00Z, from the first to the last that matters.
  package init(zone: String, _ hours: ClosedRange<Int>) {
    guard let zone = TimeZone(identifier: zone) else {
      self = .utc
      return
    }
    func date(_ hour: Int) -> Date { Date(timeIntervalSince1970: Double(hour) * 3600) }
    func minutes(_ date: Date) -> Int { zone.secondsFromGMT(for: date) / 60 }
    var now = date(hours.lowerBound)
    let end = date(hours.upperBound)
    let first = minutes(now)
    var transitions: [Transition] = []
    while let next = zone.nextDaylightSavingTimeTransition(after: now), next <= end, next > now {
      let hour = Int((next.timeIntervalSince1970 / 3600).rounded(.up))
      if transitions.last.map({ $0.hour < hour }) ?? true {
        transitions.append(.init(hour: hour, minutes: minutes(next.addingTimeInterval(1))))
      }
      now = next
    }
    self.init(minutes: first, transitions: transitions)
  }
}
