/// The worst that each key of an incident has been, as its record keeps it: what fires last, before an incident ends, is seldom what it
/// was about. A JSON array of members as those of evidence, the worst tier first.
///
/// Example: calibration at 0.08 (warning), then AUC at 0.53 (critical), which clears first. Evidence is calibration in the end; the
/// worst is AUC, then calibration.
struct WorstEvidence {
  /// Keys beyond that are left out, the mildest first: incidents of wide models have thousands.
  static let most = 20

  private struct Entry {
    var key: IncidentMachine.Key
    var tier: Tier
    /// How far the value is from its limit; nil where it has none.
    var excess: Double?
    /// Its JSON object.
    var json: [UInt8]

    static func precedes(_ a: Entry, _ b: Entry) -> Bool { a.tier != b.tier ? a.tier > b.tier : a.key < b.key }
  }

  private var entries: [Entry] = []

  /// - Parameter text: as stored. What is damaged begins again: it is for people, and no decision rests on it.
  init(_ text: String) { entries = (try? Self.read(text)) ?? [] }

  private static func read(_ text: String) throws(JSONFailure) -> [Entry] {
    var entries: [Entry] = []
    let root = JSONReader(try JSONValue(parsing: Array(text.utf8)))
    for element in try root.elements() {
      guard let value = element.value else { continue }
      func number(_ name: String) throws(JSONFailure) -> Double? {
        try element.member(name).optional { (e) throws(JSONFailure) in try e.double() }
      }
      entries.append(
        Entry(
          key: try IncidentMachine.Key(element), tier: try Tier(element.member("tier")),
          excess: excess(try number("value"), try number("threshold")), json: CanonicalJSON.bytes(of: value)))
    }
    return entries
  }

  private static func excess(_ value: Double?, _ threshold: Double?) -> Double? {
    guard let value, let threshold else { return nil }
    return abs(value - threshold)
  }

  /// Takes what fires now: what is at a higher tier than its key has been, or as high and farther beyond its limit.
  mutating func take(_ present: [IncidentMachine.Key: Evidence]) {
    var places = Dictionary(entries.enumerated().map { ($0.element.key, $0.offset) }) { first, _ in first }
    for (key, evidence) in present.sorted(by: { $0.key < $1.key }) {
      let excess = Self.excess(evidence.value, evidence.threshold)
      if let place = places[key] {
        let known = entries[place]
        guard evidence.tier > known.tier || (evidence.tier == known.tier && excess ?? 0 > known.excess ?? 0) else {
          continue
        }
        entries[place] = Entry(key: key, tier: evidence.tier, excess: excess, json: Self.json(key, evidence))
      } else {
        places[key] = entries.count
        entries.append(Entry(key: key, tier: evidence.tier, excess: excess, json: Self.json(key, evidence)))
      }
    }
    entries.sort(by: Entry.precedes)
    if entries.count > Self.most { entries.removeLast(entries.count - Self.most) }
  }

  /// In one form, whether it is stored for the first time or was read before.
  private static func json(_ key: IncidentMachine.Key, _ evidence: Evidence) -> [UInt8] {
    var w = JSONWriter()
    Notification.writeEvidence(evidence, of: key, to: &w)
    return (try? JSONValue(parsing: w.bytes)).map(CanonicalJSON.bytes(of:)) ?? w.bytes
  }

  /// As it is stored.
  var text: String {
    var w = JSONWriter()
    w.list(entries) { w, entry in w.raw(entry.json) }
    return w.text
  }
}
