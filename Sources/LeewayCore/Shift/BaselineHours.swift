/// What dated training rows say of the hours: a null of each slice, which `shift` judges by.
package struct BaselineHours: Sendable, Equatable {
  /// The column of the rows' times.
  package var field: String
  /// IANA's name of the zone whose hours of the week and days were taken.
  package var zone: String
  /// The first hour, since 1970-01-01T00:00Z, and how many there are.
  package var first: Int
  package var count: Int
  /// Local days, counted from 1970-01-01, that were left out; ascending, apart.
  package var leftOut: [ClosedRange<Int>]
  /// Shares of the versions in all rows, by version; empty where the rows name none.
  package var versions: [Version]
  /// `all` first, then by the slice's bytes.
  package var slices: [Slice]

  package struct Version: Sendable, Equatable {
    package var name: String
    package var share: Double

    package init(name: String, share: Double) {
      self.name = name
      self.share = share
    }
  }

  /// The null of one slice.
  package struct Slice: Sendable, Equatable {
    package var slice: String
    /// Names of the null's subjects.
    package var subjects: [String]
    /// The median of the rows in hours that had rows.
    package var rows: Int64
    /// A `ShiftNull`, encoded without its tables, which follow from the baseline's counts.
    package var null: [UInt8]

    package init(slice: String, subjects: [String], rows: Int64, null: [UInt8]) {
      self.slice = slice
      self.subjects = subjects
      self.rows = rows
      self.null = null
    }
  }

  package init(
    field: String, zone: String, first: Int, count: Int, leftOut: [ClosedRange<Int>] = [], versions: [Version] = [],
    slices: [Slice]
  ) {
    self.field = field
    self.zone = zone
    self.first = first
    self.count = count
    self.leftOut = leftOut
    self.versions = versions
    self.slices = slices
  }

  /// Fewer rows an hour (the median of hours that had rows) keep no budget: 20 gave 2.4 false criticals a quarter.
  package static let minimumRows: Int64 = 50
  /// Hours that a fit takes: two years.
  package static let maximumHours = 17_568
}

// MARK: In the baseline's file

extension BaselineHours {
  func write(to w: inout JSONWriter) {
    w.beginObject()
    w.key("field")
    w.string(field)
    w.key("time_zone")
    w.string(zone)
    w.key("first_hour")
    w.number(first)
    w.key("hours")
    w.number(count)
    w.key("left_out_days")
    w.list(leftOut) { w, days in
      w.beginArray()
      w.number(days.lowerBound)
      w.number(days.upperBound)
      w.endArray()
    }
    w.key("versions")
    w.list(versions) { w, version in
      w.beginObject()
      w.key("name")
      w.string(version.name)
      w.key("share")
      w.number(version.share)
      w.endObject()
    }
    w.key("slices")
    w.list(slices) { w, slice in
      w.beginObject()
      w.key("slice")
      w.string(slice.slice)
      w.key("subjects")
      w.strings(slice.subjects)
      w.key("median_rows")
      w.number(slice.rows)
      w.key("null")
      w.string(Base64.encoded(slice.null))
      w.endObject()
    }
    w.endObject()
  }

  init(_ r: JSONReader) throws(JSONFailure) {
    field = try r.member("field").string()
    zone = try r.member("time_zone").string()
    first = try r.member("first_hour").integer(in: -20_000_000...100_000_000)
    count = try r.member("hours").integer(in: 1...Self.maximumHours)
    leftOut = try r.member("left_out_days").array { (e) throws(JSONFailure) in
      let days = try e.array { (day) throws(JSONFailure) in try day.integer(in: -1_000_000...5_000_000) }
      guard days.count == 2, days[0] <= days[1] else { throw e.failure("expected the first and the last day") }
      return days[0]...days[1]
    }
    versions = try r.member("versions").array { (e) throws(JSONFailure) in
      let share = try e.member("share").double()
      guard (0...1).contains(share) else { throw e.failure("a share is from 0 to 1") }
      return Version(name: try e.member("name").string(), share: share)
    }
    slices = try r.member("slices").array { (e) throws(JSONFailure) in
      guard let null = Base64.decoded(try e.member("null").string()) else {
        throw try e.member("null").failure("expected bytes in base64")
      }
      return Slice(
        slice: try e.member("slice").string(), subjects: try e.member("subjects").texts(),
        rows: Int64(try e.member("median_rows").integer(in: 0...1 << 48)), null: null)
    }
  }
}
