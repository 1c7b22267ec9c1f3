/// Guesses at what was meant.
package enum Spelling {
  /// The candidate that `word` is most probably a slip of: at most a third of its letters differ, counting insertions,
  /// deletions, replacements and swapped neighbours. Ties go to the first. Without one, the only candidate whose first words it is.
  package static func nearest(to word: String, among candidates: some Sequence<String>) -> String? {
    let letters = Array(word.lowercased().utf8)
    guard (1...64).contains(letters.count) else { return nil }
    var best: (candidate: String, distance: Int)?
    for candidate in candidates {
      let other = Array(candidate.lowercased().utf8)
      guard other.count <= 64 else { continue }
      let distance = distance(letters, other)
      guard distance <= max(1, max(letters.count, other.count) / 3) else { continue }
      if best.map({ distance < $0.distance }) ?? true { best = (candidate, distance) }
    }
    // One letter of a name of one or two is another name altogether.
    guard let best, best.distance < letters.count else { return onlyOne(among: candidates, beginningWith: letters) }
    return best.candidate
  }

  /// `stall` is the beginning of `stall_after`, and of nothing else.
  private static func onlyOne(among candidates: some Sequence<String>, beginningWith letters: [UInt8]) -> String? {
    guard letters.count >= 3 else { return nil }
    var only: String?
    for candidate in candidates {
      let other = candidate.lowercased().utf8
      guard other.starts(with: letters), let next = other.dropFirst(letters.count).first, "_.-".utf8.contains(next)
      else {
        continue
      }
      if only != nil { return nil }
      only = candidate
    }
    return only
  }

  /// ` Did you mean psi?`, or nothing.
  package static func suggestion(for word: String, among candidates: some Sequence<String>) -> String {
    nearest(to: word, among: candidates).map { " Did you mean \($0)?" } ?? ""
  }

  /// Optimal string alignment distance.
  private static func distance(_ a: [UInt8], _ b: [UInt8]) -> Int {
    var beforeLast: [Int] = []
    var last = Array(0...b.count)
    for i in a.indices {
      var row = [i + 1]
      for j in b.indices {
        var best = min(row[j] + 1, last[j + 1] + 1, last[j] + (a[i] == b[j] ? 0 : 1))
        if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { best = min(best, beforeLast[j - 1] + 1) }
        row.append(best)
      }
      (beforeLast, last) = (last, row)
    }
    return last[b.count]
  }
}
