/// Names as a stranger's events may have them: markup, a name of 300 letters without a blank, one that is written from
/// right to left, one that turns what follows it around, and pictures.
public enum HostileNames {
  public static let markup = "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>"
  public static let long = String(repeating: "unbreakable", count: 27)
  public static let rightToLeft = "متجر-الرياض"
  public static let override = "abc\u{202E}txt.exe"
  public static let emoji = "👩‍👩‍👧‍👦🇺🇦 café\u{0301}\u{0301}\u{0301}"

  public static let all = [markup, long, rightToLeft, override, emoji]

  /// As a page shows a name: a mark that turns the text around is written out.
  public static func shown(_ name: String) -> String { name.replacing("\u{202E}", with: "⟨U+202E⟩") }
}
