/// What hours have come to: verdicts and lines in the order in which they were given, and by use the shifts that opened.
struct ShiftTold {
  var verdicts: [Verdict] = []
  var lines: [ResultRecord] = []
  var opened: [Int]

  init(uses: Int) { opened = [Int](repeating: 0, count: uses) }

  static func + (a: ShiftTold, b: ShiftTold) -> ShiftTold {
    var sum = a
    sum += b
    return sum
  }

  static func += (a: inout ShiftTold, b: ShiftTold) {
    a.verdicts += b.verdicts
    a.lines += b.lines
    for (use, count) in b.opened.enumerated() { a.opened[use] += count }
  }
}
