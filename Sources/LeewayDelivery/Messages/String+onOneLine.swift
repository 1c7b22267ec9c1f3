extension String {
  /// The text without control characters, line and paragraph separators, and marks that turn the direction of writing
  /// (each becomes a space), cut to `limit` (1 or more) Unicode scalars with an ellipsis. Names come from other people's messages,
  /// and must neither forge a line of a log nor hide the rest of one.
  func onOneLine(limit: Int) -> String {
    precondition(limit > 0, "a text cut to nothing says nothing")
    var line = String.UnicodeScalarView()
    var count = 0
    for scalar in unicodeScalars {
      guard count < limit else {
        line.removeLast()
        line.append("…")
        break
      }
      line.append(scalar.breaksLine ? " " : scalar)
      count += 1
    }
    return String(line)
  }
}

extension Unicode.Scalar {
  var breaksLine: Bool {
    switch value {
    case 0..<0x20, 0x7F..<0xA0, 0x2028, 0x2029, 0x202A...0x202E, 0x2066...0x2069, 0x200E, 0x200F: true
    default: false
    }
  }
}
