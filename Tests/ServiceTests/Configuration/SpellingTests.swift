import LeewayConfiguration
import LeewayService
import Testing

struct SpellingTests {
  @Test(arguments: [
    ("wndow", "window"), ("WINDOW", "window"), ("stall", "stall_after"), ("max_series_", "max_series"),
  ])
  func findsWhatWasMeant(word: String, meant: String) {
    #expect(Spelling.nearest(to: word, among: ["window", "stall_after", "max_series", "max_segments"]) == meant)
  }

  /// Two begin with it; a part of a word is no word; and what differs in more than a third is something else.
  @Test(arguments: ["max", "sta", "stal_", "latency", ""])
  func saysNothingWhereItIsNotClear(word: String) {
    #expect(Spelling.nearest(to: word, among: ["window", "stall_after", "max_series", "max_segments"]) == nil)
  }
}
