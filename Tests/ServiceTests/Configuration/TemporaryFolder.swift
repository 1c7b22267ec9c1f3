import Foundation

@testable import LeewayConfiguration
@testable import LeewayService

/// A folder that is gone after the test.
struct TemporaryFolder {
  let path: String

  static func use<T>(_ body: (TemporaryFolder) throws -> T) throws -> T {
    let folder = FileManager.default.temporaryDirectory.appending(path: "leeway-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    return try body(TemporaryFolder(path: folder))
  }

  @discardableResult func write(_ name: String, _ bytes: [UInt8]) -> String {
    let file = "\(path)/\(name)"
    _ = FileManager.default.createFile(atPath: file, contents: Data(bytes))
    return file
  }

  @discardableResult func write(_ name: String, _ text: String) -> String { write(name, Array(text.utf8)) }
}

/// Files of the repository that are no test's own.
enum RepositoryFile {
  static func path(_ name: String) -> String {
    var folder = #filePath
    for _ in 0..<4 { folder = TextFile.folder(of: folder) }
    return "\(folder)/\(name)"
  }
}
