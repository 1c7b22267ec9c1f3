import Foundation
import LeewaySource
import Testing

/// The reference case: files, and how to compare with what a batch computation says of them.
enum CarLoan {
  static var folder: URL { Bundle.module.bundleURL.appendingPathComponent("Fixtures/car_loan") }

  /// Copies monitor and files, and fits the baseline.
  static func prepare(in target: URL) throws {
    for name in try FileManager.default.contentsOfDirectory(atPath: folder.path) {
      try FileManager.default.copyItem(at: folder.appendingPathComponent(name), to: target.appendingPathComponent(name))
    }
    let fit = try LeewayProcess.run(["baseline", "fit", "monitor.yaml", "--from", "train.csv.gz"], in: target)
    try #require(fit.code == 0, "\(fit.error)")
  }

  static func lines(_ url: URL) throws -> [String] {
    let reader = LineReader(try ByteStream(path: url.path))
    var out: [String] = []
    while let line = try reader.next() {
      if case .text(let text, _) = line { out.append(String(decoding: text, as: UTF8.self)) }
    }
    return out
  }

  static func objects(_ lines: [String]) throws -> [[String: Any]] {
    try lines.map { try #require(JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any]) }
  }

  static func text(_ object: [String: Any], _ key: String) -> String { object[key] as? String ?? "" }

  /// What makes a line the same line.
  static func key(_ object: [String: Any]) -> String {
    ["type", "window", "end", "at", "slice", "subject", "check", "metric", "incident", "transition"]
      .map { text(object, $0) }.joined(separator: "|")
  }
}
