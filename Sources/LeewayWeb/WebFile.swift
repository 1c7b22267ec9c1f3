internal import CWebFiles

/// A file of this target's folders, embedded when the package was built. Nothing is read from disk while the service runs.
package struct WebFile: Sendable {
  /// Inside the target's folder, as `Page/app.js`.
  package let path: String
  /// UTF-8.
  package let bytes: [UInt8]

  /// All of them, in the order of `web_files.c`.
  package static let all: [WebFile] = (0..<web_file_count()).compactMap { place in
    guard let file = web_file_at(place) else { return nil }
    let (path, bytes) = (file.pointee.path, file.pointee.bytes)
    guard let path, let bytes else { return nil }
    let text = UnsafeRawPointer(bytes).assumingMemoryBound(to: CChar.self)
    return WebFile(path: String(cString: path), bytes: Array(String(cString: text).utf8))
  }
}
