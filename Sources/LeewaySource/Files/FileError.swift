/// A file that can't be read, or isn't what it should be.
package struct FileError: Error, Equatable, Sendable, CustomStringConvertible {
  package enum Place: Equatable, Sendable {
    /// Counted from 1.
    case line(Int)
    /// Counted from 0, of the file as stored.
    case byte(Int64)
  }

  /// The path as given, or `standard input`.
  package let file: String
  package let place: Place?
  package let problem: String

  /// `FILE:LINE: problem`, `FILE: byte N: problem` or `FILE: problem`.
  package var description: String {
    switch place {
    case .line(let line): "\(file):\(line): \(problem)"
    case .byte(let byte): "\(file): byte \(byte): \(problem)"
    case nil: "\(file): \(problem)"
    }
  }
}
