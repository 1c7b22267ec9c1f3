/// Names in a message, as many as a reader can use.
package enum ShortList {
  /// `a, b, c and 4 more`; all of them if there are at most `most`.
  package static func text(_ names: [String], atMost most: Int) -> String {
    names.prefix(most).joined(separator: ", ") + (names.count > most ? " and \(names.count - most) more" : "")
  }
}
