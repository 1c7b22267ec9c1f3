@testable import LeewayCore

/// Headers of a Kafka record, in the record's order.
final class HeadersInMemory {
  private let list: [(name: String, value: [UInt8]?)]
  /// So often one was asked for.
  private(set) var lookups = 0

  init(_ list: [(String, [UInt8]?)]) { self.list = list }

  /// Valid as long as this is.
  var ofRecord: RecordHeaders {
    RecordHeaders(record: Unmanaged.passUnretained(self).toOpaque()) { record, name, count in
      let headers = Unmanaged<HeadersInMemory>.fromOpaque(record).takeUnretainedValue()
      headers.lookups += 1
      guard let found = headers.list.last(where: { $0.name == String(cString: name) }) else { return nil }
      count.pointee = found.value?.count ?? -1
      return found.value?.withUnsafeBytes { $0.baseAddress } ?? UnsafeRawPointer(name)
    }
  }
}
