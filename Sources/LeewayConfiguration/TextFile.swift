import Glibc

/// Reading of small files and the paths to them.
package enum TextFile {
  /// Why a file can't be read, to follow its name in a sentence.
  package struct Failure: Error {
    package let problem: String
  }

  /// The content of a regular file.
  ///
  /// - Throws: for a file that is missing, unreadable, longer than `limit` bytes, or no file at all: a pipe or a device
  ///   could be endless.
  package static func bytes(at path: String, limit: Int) throws(Failure) -> [UInt8] {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw Failure(problem: reason(errno)) }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw Failure(problem: reason(errno)) }
    switch status.st_mode & S_IFMT {
    case S_IFREG: break
    case S_IFDIR: throw Failure(problem: "is a folder; name a file")
    default: throw Failure(problem: "is not a regular file; name one")
    }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 64 * 1024)
    while true {
      let count = buffer.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw Failure(problem: reason(errno)) }
      guard count > 0 else { return bytes }
      guard bytes.count + count <= limit else {
        throw Failure(problem: "is longer than \(limit) bytes, the most that is read; shorten or split it")
      }
      bytes += buffer[..<count]
    }
  }

  /// Names of the entries of a folder, in the order of their bytes.
  static func entries(ofFolder path: String) throws(Failure) -> [String] {
    guard let folder = opendir(path) else { throw Failure(problem: reason(errno)) }
    defer { closedir(folder) }
    var names: [String] = []
    while let entry = readdir(folder) {
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  /// What is wrong with the file's mode where it holds secrets, and the fix; nil if only its owner may read it, or if
  /// that cannot be told.
  package static func othersMay(_ path: String) -> String? {
    var status = stat()
    guard stat(path, &status) == 0, status.st_mode & 0o077 != 0 else { return nil }
    let mode = String(status.st_mode & 0o777, radix: 8)
    return "other users of this machine may read or write it (mode \(mode)); run chmod 600 \(path)"
  }

  static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

  /// Whether something is there that is no folder.
  static func isFile(_ path: String) -> Bool { exists(path) && !isFolder(path) }

  /// Whether it can be read a second time.
  package static func isRegular(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
  }

  static func isFolder(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
  }

  /// Whether this user can read a file or a folder.
  static func isReadable(_ path: String) -> Bool { access(path, R_OK) == 0 }

  /// `path` as seen from `folder`, unless it is absolute.
  static func path(_ path: String, in folder: String) -> String {
    path.hasPrefix("/") || folder.isEmpty || folder == "."
      ? path : folder.hasSuffix("/") ? folder + path : "\(folder)/\(path)"
  }

  /// The folder that holds a file; `.` if its path has none.
  static func folder(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  private static func reason(_ code: Int32) -> String {
    switch code {
    case ENOENT, ENOTDIR: "does not exist; check the path"
    case EACCES, EPERM: "may not be read by this user; change its permissions"
    default: "can't be read: \(String(cString: strerror(code)))"
    }
  }
}
