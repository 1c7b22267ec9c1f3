/// A file of the page, as it is sent: under its own name, the page itself under `/`.
package struct PageFile: Sendable {
  /// The path of its address, as `/app.js`.
  package let path: String
  package let mediaType: String
  package let bytes: [UInt8]

  /// What is in the folder `Page`.
  package static let all: [PageFile] = WebFile.all.filter { $0.path.hasPrefix(folder) }.map(PageFile.init)

  private static let folder = "Page"

  private init(_ file: WebFile) {
    let name = file.path.dropFirst(Self.folder.count)
    path = name == "/index.html" ? "/" : String(name)
    bytes = file.bytes
    let ending = name.split(separator: ".").last.map(String.init) ?? ""
    guard let mediaType = Self.mediaTypes[ending] else { preconditionFailure("\(file.path): what is it?") }
    self.mediaType = mediaType
  }

  /// By the ending of a file's name.
  private static let mediaTypes = [
    "css": "text/css; charset=utf-8", "html": "text/html; charset=utf-8", "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml", "txt": "text/plain; charset=utf-8",
  ]
}
