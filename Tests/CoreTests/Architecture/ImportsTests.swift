import Foundation
import Testing

/// The table of the architecture: what each target may import. What is not listed here is not allowed, so a new target
/// or a new dependency is a decision that shows in this file.
private let allowedImports: [String: Set<String>] = [
  "LeewayLocks": ["Glibc", "Synchronization"],
  // Deterministic: no I/O, clock, randomness, locks or Foundation. Glibc is there for its mathematics.
  "LeewayStatistics": ["Glibc"],
  "LeewayCore": ["Glibc", "LeewayStatistics", "CSimdjson"],
  // The edges never import each other.
  "LeewaySource": platform.union(["LeewayCore", "CRdKafka", "CZlib"]),
  "LeewayLedger": platform.union(["CPostgres", "CZstd", "LeewayCore", "GRDB", "GRDBSQLite"]),
  "LeewayDelivery": platform.union(["LeewayCore", "CCurl", "Crypto", "Mustache"]),
  // What files say. NIOSSL reads certificates, Source and Delivery check what is theirs.
  "LeewayConfiguration": platform.union([
    "LeewayStatistics", "LeewayCore", "LeewaySource", "LeewayLedger", "LeewayDelivery", "NIOSSL", "Yams",
  ]),
  // Files in place of Kafka.
  "LeewayReplay": platform.union([
    "LeewayStatistics", "LeewayCore", "LeewaySource", "LeewayLedger", "LeewayConfiguration",
  ]),
  // What others see. It never starts anything.
  "LeewayWeb": platform.union([
    "CWebFiles", "LeewayCore", "LeewayConfiguration", "HTTPTypes", "Hummingbird", "HummingbirdCore", "Logging",
    "NIOCore", "NIOHTTP1", "NIOHTTPTypes", "NIOHTTPTypesHTTP1", "NIOPosix", "NIOSSL", "ServiceLifecycle",
  ]),
  // The parts, wired.
  "LeewayService": platform.union([
    "LeewayCore", "LeewaySource", "LeewayLedger", "LeewayDelivery", "LeewayConfiguration", "LeewayWeb", "Logging",
    "ServiceLifecycle",
  ]),
  "LeewayDemo": platform.union([
    "LeewayCore", "LeewaySource", "LeewayLedger", "LeewayDelivery", "LeewayConfiguration", "LeewayReplay",
    "LeewayService",
    "HTTPTypes", "Hummingbird", "Logging", "ServiceLifecycle",
  ]),
  // Core is there for the names of what the others take and return, Logging to say where the log goes, CMalloc for how the
  // process keeps freed memory.
  "leeway": platform.union([
    "ArgumentParser", "CMalloc", "LeewayCore", "LeewayConfiguration", "LeewayReplay", "LeewayWeb", "LeewayService",
    "LeewayDemo", "Logging",
  ]),
  "leeway-test-broker": platform.union(["LeewayCore", "LeewaySource"]),
  "LeewayTestSupport": platform.union(["CPostgres", "LeewayCore", "LeewayStatistics"]),
]

/// What may do I/O, read clocks or lock: what comes with the toolchain, and the locks' own name.
private let platform: Set<String> = [
  "Dispatch", "Foundation", "FoundationEssentials", "Glibc", "LeewayLocks", "Synchronization",
]

/// Of the repository.
private let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
  .deletingLastPathComponent().deletingLastPathComponent()

struct ImportsTests {
  @Test func everyTargetImportsOnlyWhatTheArchitectureAllows() throws {
    let sources = root.appending(path: "Sources")
    let paths = try FileManager.default.subpathsOfDirectory(atPath: sources.path).filter { $0.hasSuffix(".swift") }
    #expect(Set(paths.compactMap { $0.split(separator: "/").first.map(String.init) }) == Set(allowedImports.keys))

    var violations: [String] = []
    for path in paths.sorted() {
      let target = String(path.prefix { $0 != "/" })
      let text = try String(contentsOf: sources.appending(path: path), encoding: .utf8)
      for module in importedModules(text) where allowedImports[target]?.contains(module) != true {
        violations.append("Sources/\(path) imports \(module)")
      }
    }
    #expect(violations == [])
  }

  /// Another `Mutex` than that of `LeewayLocks` would look like a race to `make sanitize`.
  @Test func thereIsOneMutex() throws {
    var violations: [String] = []
    for folder in ["Sources", "Tests"].map({ root.appending(path: $0) }) {
      for path in try FileManager.default.subpathsOfDirectory(atPath: folder.path) where path.hasSuffix(".swift") {
        let text = try String(contentsOf: folder.appending(path: path), encoding: .utf8)
        guard text.contains(/\bMutex[<(]/), !path.hasPrefix("LeewayLocks/") else { continue }
        if !importedModules(text).contains("LeewayLocks") { violations.append(path) }
      }
    }
    #expect(violations == [], "import LeewayLocks, and of Synchronization nothing or Atomic alone")
  }

  @Test func everyFormOfImportIsSeen() {
    let text = """
      import A
      public import B
        @testable import C
      @preconcurrency package import struct D.Thing
      #if canImport(E)
      internal import E
      #endif
      // import F
      let imported = "import G"
      """
    #expect(importedModules(text) == ["A", "B", "C", "D", "E"])
  }
}

/// The modules that a file imports, in order, whatever the access level, attributes or the kind of declaration named.
private func importedModules(_ text: String) -> [String] {
  let modifiers: Set<Substring> = ["public", "package", "internal", "fileprivate", "private"]
  let kinds: Set<Substring> = ["struct", "class", "enum", "protocol", "typealias", "func", "let", "var"]
  return text.split(whereSeparator: \.isNewline).compactMap { line in
    var words = line.split(separator: " ").drop { $0.hasPrefix("@") || modifiers.contains($0) }
    guard words.popFirst() == "import" else { return nil }
    if let kind = words.first, kinds.contains(kind) { words = words.dropFirst() }
    return words.first.map { String($0.prefix { $0 != "." && $0 != ";" }) }
  }
}
