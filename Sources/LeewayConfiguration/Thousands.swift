/// Numbers in a message for people.
package enum Thousands {
  /// `12,345`.
  package static func text(_ number: some BinaryInteger) -> String {
    var text = ""
    for (i, digit) in String(number).reversed().enumerated() {
      if i > 0, i % 3 == 0, digit != "-" { text.append(",") }
      text.append(digit)
    }
    return String(text.reversed())
  }
}
