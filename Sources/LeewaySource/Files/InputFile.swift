internal import Glibc

/// A file descriptor open for reading.
final class InputFile {
  /// The path as given, or `standard input`.
  let name: String
  /// nil if it isn't a regular file.
  let size: Int64?
  /// Bytes read so far.
  private(set) var offset: Int64 = 0
  private let descriptor: Int32

  /// - Parameter path: `-` is standard input, which is left open.
  init(path: String) throws(FileError) {
    name = path == "-" ? "standard input" : path
    descriptor = path == "-" ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw FileError(file: name, place: nil, problem: Self.reason(errno)) }
    var status = stat()
    let isKnown = fstat(descriptor, &status) == 0
    if isKnown, status.st_mode & S_IFMT == S_IFDIR {
      if descriptor > STDIN_FILENO { Glibc.close(descriptor) }
      throw FileError(file: name, place: nil, problem: Self.reason(EISDIR))
    }
    let isRegular = isKnown && status.st_mode & S_IFMT == S_IFREG
    size = isRegular ? Int64(status.st_size) : nil
  }

  deinit {
    if descriptor > STDIN_FILENO { Glibc.close(descriptor) }
  }

  /// - Returns: how many bytes; 0 only at the end.
  func read(into buffer: UnsafeMutableRawBufferPointer) throws(FileError) -> Int {
    while true {
      let count = Glibc.read(descriptor, buffer.baseAddress, buffer.count)
      if count >= 0 {
        offset += Int64(count)
        return count
      }
      if errno != EINTR { throw FileError(file: name, place: .byte(offset), problem: Self.reason(errno)) }
    }
  }

  private static func reason(_ code: Int32) -> String {
    switch code {
    case ENOENT: "there is no such file; check its name and its folder"
    case EACCES, EPERM: "this user may not read it"
    case EISDIR: "is a folder; name a file, or several, as FOLDER/*.gz"
    default: "can't be read: \(String(cString: strerror(code)))"
    }
  }
}
