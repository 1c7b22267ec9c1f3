extension ShiftConfiguration {
  /// Limits of what is stored: far beyond any use.
  private static let most = (tiers: 64, sizes: 16, candidates: 64, transitions: 4096)

  func write(to out: inout ShiftWriter) {
    out.whole(tiers.count)
    for tier in tiers {
      out.text(tier.name)
      out.numbers([tier.hours, tier.safety, tier.shareFloor])
    }
    out.whole(shares.count)
    for kind in shares { out.whole(ShiftKind.allCases.firstIndex(of: kind) ?? 0) }
    out.whole(largest)
    out.whole(sizes.count)
    out.numbers(sizes)
    out.whole(memories.count)
    out.numbers(memories)
    out.numbers([tolerance, ridge, heavy, cap, beyond, tailPrior])
    out.whole(tailCounts.count)
    for count in tailCounts { out.whole(count) }
    out.whole(Int(spreadRows))
    out.whole(calendar.minutes)
    out.whole(calendar.transitions.count)
    for transition in calendar.transitions {
      out.whole(transition.hour)
      out.whole(transition.minutes)
    }
    // 0 stands for none.
    out.whole(totalStreams ?? 0)
    out.whole(leastHoursToClose)
    out.whole(resetAfter ?? 0)
    out.whole(separatesShares ? 1 : 0)
  }

  init(from reader: inout ShiftReader) throws(ShiftDamaged) {
    var tiers: [ShiftTier] = []
    for _ in 0..<(try reader.whole(in: 1...Self.most.tiers)) {
      tiers.append(
        ShiftTier(
          name: try reader.text(), hours: try reader.number(in: .positive), safety: try reader.number(in: .positive),
          shareFloor: try reader.number(in: .notNegative)))
    }
    var shares: [ShiftKind] = []
    for _ in 0..<(try reader.whole(in: 0...ShiftKind.allCases.count)) {
      let kind = ShiftKind.allCases[try reader.whole(in: 0...ShiftKind.allCases.count - 1)]
      guard kind.isShare, !shares.contains(kind) else { throw ShiftDamaged(reason: "no share") }
      shares.append(kind)
    }
    let largest = try reader.whole(in: 0...1 << 16)
    let sizes = try reader.numbers(try reader.whole(in: 1...Self.most.sizes), in: .positive)
    let memories = try reader.numbers(
      try reader.whole(in: 1...Self.most.candidates), in: 0...(1 - Double.ulpOfOne))
    let constants = try reader.numbers(6, in: .notNegative)
    var tailCounts: [Int] = []
    for _ in 0..<(try reader.whole(in: 1...Self.most.candidates)) {
      tailCounts.append(try reader.whole(in: 1...1 << 32))
    }
    let spreadRows = Int64(try reader.whole(in: 0...1 << 62))
    self.init(
      tiers: tiers, shares: shares, largest: largest, sizes: sizes, tolerance: constants[0], memories: memories,
      ridge: constants[1], heavy: constants[2], cap: constants[3], beyond: constants[4], tailCounts: tailCounts,
      tailPrior: constants[5], spreadRows: spreadRows, calendar: try Self.calendar(&reader),
      totalStreams: Self.some(try reader.whole(in: 0...1 << 32)),
      leastHoursToClose: try reader.whole(in: 0...24), resetAfter: Self.some(try reader.whole(in: 0...1 << 32)),
      separatesShares: try reader.whole(in: 0...1) == 1)
  }

  private static func some(_ number: Int) -> Int? { number == 0 ? nil : number }

  private static func calendar(_ reader: inout ShiftReader) throws(ShiftDamaged) -> ShiftCalendar {
    let minutes = try reader.whole(in: -1440...1440)
    var transitions: [ShiftCalendar.Transition] = []
    for _ in 0..<(try reader.whole(in: 0...most.transitions)) {
      let hour = try reader.whole(in: ShiftFold.range.lowerBound...ShiftFold.range.upperBound)
      guard transitions.last.map({ $0.hour < hour }) ?? true else {
        throw ShiftDamaged(reason: "transitions in no order")
      }
      transitions.append(ShiftCalendar.Transition(hour: hour, minutes: try reader.whole(in: -1440...1440)))
    }
    return ShiftCalendar(minutes: minutes, transitions: transitions)
  }
}
