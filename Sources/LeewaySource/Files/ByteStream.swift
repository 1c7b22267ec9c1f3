internal import CZlib
internal import Glibc

/// Reads a file front to back, unpacking gzip, which it knows by its first two bytes and not by its name.
/// Not Sendable: one thread reads.
package final class ByteStream {
  /// The path as given, or `standard input`.
  package let name: String
  /// Bytes of the file as stored; nil where nobody knows, as of a pipe.
  package let totalBytes: Int64?
  /// Bytes read of the file as stored, for a progress bar.
  package private(set) var consumedBytes: Int64 = 0

  /// - Parameters:
  ///   - path: `-` is standard input.
  ///   - chunk: bytes asked of the system at once.
  package init(path: String, chunk: Int = 256 << 10) throws(FileError) {
    name = path
    totalBytes = nil
  }

  /// Fills the buffer from its start, perhaps not to its end.
  ///
  /// - Returns: how many bytes; 0 only at the end.
  package func read(into buffer: UnsafeMutableRawBufferPointer) throws(FileError) -> Int { 0 }
}
