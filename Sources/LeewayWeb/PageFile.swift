/// A file of the pages, as it is sent: under its own name, the shell of all pages under `/`.
package struct PageFile: Sendable {
  /// The path of its address, as `/app.js`.
  package let path: String
  package let mediaType: String
  package let bytes: [UInt8]

  /// What is in the folder `Page`.
  package static let all: [PageFile] = WebFile.all.filter { $0.path.hasPrefix(folder) }.map(PageFile.init)

  /// All but the shell.
  package static let assets = all.filter { $0.path != "/" }

  /// The shell for addresses of so many parts, `/monitors/fraud` having 2. What it asks for it names relative to itself, so
  /// that it works behind whatever path a proxy has put before it.
  package static func shell(depth: Int) -> [UInt8] {
    guard let shell = all.first(where: { $0.path == "/" }) else { preconditionFailure("Page/index.html is missing") }
    guard depth > 1 else { return shell.bytes }
    let up = String(repeating: "../", count: depth - 1)
    var text = String(decoding: shell.bytes, as: UTF8.self)
    for attribute in ["href", "src"] {
      text = text.replacing("\(attribute)=\"./", with: "\(attribute)=\"\(up)")
    }
    return Array(text.utf8)
  }

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
