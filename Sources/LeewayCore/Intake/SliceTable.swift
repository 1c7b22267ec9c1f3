import Glibc

/// Names of slices as small numbers. A segment that the baseline has profiled keeps the profile's values; how many
/// others there may be is for `SliceCap` to say, where blocks meet.
struct SliceTable {
  /// Index of `all`.
  static let all: Int32 = 0

  private(set) var names: [String] = [Slice.all]
  private var byValue: [Dictionary<[UInt8], Int32>]
  /// In front of `byValue`, for the values that most events have.
  private var frequent = FrequentValues()
  private let segments: [String]
  private let profiles: [Set<NameKey>?]
  private let maximumNames: Int

  /// Segments in the order in which slices are asked for, `version` first if the monitor has one.
  init(plan: MonitorPlan, maximumNames: Int = 100_000) {
    self.maximumNames = maximumNames
    var segments: [String] = []
    var profiles: [Set<NameKey>?] = []
    if plan.monitor.predictions.version != nil {
      segments.append(Slice.version)
      profiles.append(nil)
    }
    for (segment, values) in zip(plan.monitor.segments, plan.segmentValues) {
      segments.append(segment.name)
      profiles.append(values)
    }
    self.segments = segments
    self.profiles = profiles
    byValue = Array(repeating: [:], count: segments.count)
  }

  var segmentCount: Int { segments.count }

  /// Forgets names when hostile traffic has made too many; only while no block is kept under their numbers.
  mutating func shrinkIfLarge() {
    guard names.count > maximumNames else { return }
    names.removeSubrange(1...)
    byValue = Array(repeating: [:], count: segments.count)
    frequent = FrequentValues()
  }

  /// The slice of one segment's value.
  mutating func slice(segment: Int, value: UnsafeRawBufferPointer) -> Int32 {
    if let known = frequent.slice(segment, value) { return known }
    let found = find(segment: segment, value: value)
    frequent.insert(segment, value, slice: found)
    return found
  }

  private mutating func find(segment: Int, value: UnsafeRawBufferPointer) -> Int32 {
    let key = Array(value)
    if let known = byValue[segment][key] { return known }
    let text = String(decoding: value, as: UTF8.self)
    let kept = profiles[segment].map { $0.contains(NameKey(text)) } ?? true
    let id = kept ? add(Slice.name(segments[segment], text)) : otherSlice(segment: segment)
    if names.count < 2 * maximumNames { byValue[segment][key] = id }
    return id
  }

  mutating func otherSlice(segment: Int) -> Int32 {
    let key = Array(Slice.otherValue.utf8)
    if let known = byValue[segment][key] { return known }
    let id = add(Slice.name(segments[segment], Slice.otherValue))
    byValue[segment][key] = id
    return id
  }

  private mutating func add(_ name: String) -> Int32 {
    names.append(name)
    return Int32(names.count - 1)
  }
}

/// The first few hundred values met, found without an allocation. It takes keys from outside under a hash that is not
/// keyed, so a look-up gives up after a few probes; what isn't found here is looked up elsewhere.
private struct FrequentValues {
  private struct Entry {
    var hash: UInt64 = 0
    var segment: Int32 = -1
    var slice: Int32 = 0
    var start: Int32 = 0
    var count: Int32 = 0
  }

  private static let capacity = 1024
  private static let probes = 8
  private static let longest = 256

  private var entries: [Entry] = []
  private var bytes: [UInt8] = []
  private var count = 0

  func slice(_ segment: Int, _ value: UnsafeRawBufferPointer) -> Int32? {
    guard !entries.isEmpty else { return nil }
    let hash = Self.hash(segment, value)
    return entries.withUnsafeBufferPointer { entries in
      for probe in 0..<Self.probes {
        let entry = entries[(Int(truncatingIfNeeded: hash) &+ probe) & (Self.capacity &- 1)]
        guard entry.segment >= 0 else { return nil }
        if entry.hash == hash, entry.segment == segment, Int(entry.count) == value.count, matches(entry, value) {
          return entry.slice
        }
      }
      return nil
    }
  }

  @inline(__always) private func matches(_ entry: Entry, _ value: UnsafeRawBufferPointer) -> Bool {
    guard let start = value.baseAddress else { return true }
    return bytes.withUnsafeBytes { bytes in
      guard let base = bytes.baseAddress else { return value.isEmpty }
      return memcmp(base + Int(entry.start), start, value.count) == 0
    }
  }

  mutating func insert(_ segment: Int, _ value: UnsafeRawBufferPointer, slice: Int32) {
    guard count < Self.capacity / 2, value.count <= Self.longest else { return }
    if entries.isEmpty { entries = Array(repeating: Entry(), count: Self.capacity) }
    let hash = Self.hash(segment, value)
    for probe in 0..<Self.probes {
      let place = (Int(truncatingIfNeeded: hash) &+ probe) & (Self.capacity - 1)
      guard entries[place].segment < 0 else { continue }
      entries[place] = Entry(
        hash: hash, segment: Int32(segment), slice: slice, start: Int32(bytes.count), count: Int32(value.count))
      bytes.append(contentsOf: value)
      count += 1
      return
    }
  }

  private static func hash(_ segment: Int, _ value: UnsafeRawBufferPointer) -> UInt64 {
    ByteHash.hash(value) &+ UInt64(truncatingIfNeeded: segment) &* 0x9E37_79B9_7F4A_7C15
  }
}

/// Which slices stay where blocks of different flushes, writers or panes meet: of versions, and of segments that the
/// baseline has not profiled, the `limit` values with the smallest fixed hash. That depends only on the set of values, so
/// no order of arrival changes what is left out.
package struct SliceCap: Sendable, Equatable {
  /// Segments whose values are capped by hash.
  let segments: [String]
  /// Slices that are kept whatever the limit.
  let reserved: Set<NameKey>
  let limit: Int

  init(segments: [String], reserved: Set<NameKey>, limit: Int) {
    self.segments = segments
    self.reserved = reserved
    self.limit = limit
  }

  init(plan: MonitorPlan) {
    reserved = Slice.reserved(plan.monitor)
    var segments: [String] = plan.monitor.predictions.version == nil ? [] : [Slice.version]
    for (segment, values) in zip(plan.monitor.segments, plan.segmentValues) where values == nil {
      segments.append(segment.name)
    }
    self.segments = segments
    limit = plan.monitor.maximumSegments
  }

  /// Names that must be added to their segment's `__other__`, with its name.
  func evicted(from names: some Sequence<String>) -> [(slice: String, into: String)] {
    var bySegment: [String: [(hash: UInt64, name: String)]] = [:]
    for name in names {
      guard let equals = name.utf8.firstIndex(of: UInt8(ascii: "=")) else { continue }
      let segment = String(name[..<equals])
      // For the bytes: an accent at the value's beginning would join the character before it.
      var text = String(decoding: name.utf8[name.utf8.index(after: equals)...], as: UTF8.self)
      guard segments.contains(segment), text != Slice.otherValue, !reserved.contains(NameKey(name)) else { continue }
      bySegment[segment, default: []].append((text.withUTF8 { Digest64.hash(UnsafeRawBufferPointer($0)) }, name))
    }
    var out: [(slice: String, into: String)] = []
    for segment in segments {
      guard let values = bySegment[segment], values.count > limit else { continue }
      let ordered = values.sorted { $0.hash != $1.hash ? $0.hash < $1.hash : utf8Order($0.name, $1.name) }
      for value in ordered[limit...] { out.append((value.name, Slice.name(segment, Slice.otherValue))) }
    }
    return out
  }
}
