import Glibc

/// What the kernel says of this process.
package enum ProcessMemory {
  /// Resident memory in bytes, from `/proc/self/statm`; nil where that cannot be read.
  package static func resident() -> Int64? {
    guard let file = fopen("/proc/self/statm", "r") else { return nil }
    defer { fclose(file) }
    var text = [UInt8](repeating: 0, count: 256)
    let length = fread(&text, 1, text.count, file)
    let fields = text.prefix(length).split(separator: UInt8(ascii: " "))
    guard fields.count > 1, let pages = Int64(String(decoding: fields[1], as: UTF8.self)) else { return nil }
    return pages.multipliedReportingOverflow(by: Int64(sysconf(Int32(_SC_PAGESIZE)))).partialValue
  }
}
