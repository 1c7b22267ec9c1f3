import Foundation
import LeewayCore
import Testing

extension RunningService {
  /// The ledger's offsets of the shop's partitions.
  func offsets() -> [TopicPartition: Int] {
    guard let text = get("/api/v1/monitors/shop"),
      let monitor = try? JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any],
      let partitions = monitor["partitions"] as? [[String: Any]]
    else { return [:] }
    var found: [TopicPartition: Int] = [:]
    for partition in partitions {
      guard let topic = partition["topic"] as? String, let number = partition["partition"] as? Int else { continue }
      found[TopicPartition(topic, Int32(number))] = partition["next_offset"] as? Int
    }
    return found
  }

  /// Waits until the ledger stands at these offsets of the predictions' partitions, by partition.
  func awaitPartitions(
    _ wanted: [Int32: Int], sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    var found: [TopicPartition: Int] = [:]
    let reached = try eventually { () -> Bool? in
      guard process.isRunning else { return false }
      found = offsets()
      return wanted.allSatisfy { found[TopicPartition(Shop.predictions, $0.key)] == $0.value } ? true : nil
    }
    try #require(
      reached == true, "at \(found), wanted \(wanted): \(process.standardError)", sourceLocation: sourceLocation)
  }

  /// What `/readyz` says of each condition that does not hold.
  func unready() throws -> [String: String] {
    let curl = Process()
    curl.executableURL = URL(fileURLWithPath: "/usr/bin/curl")
    curl.arguments = ["-sS", "-m", "60", base + "/readyz"]
    let pipe = Pipe()
    curl.standardOutput = pipe
    curl.standardError = FileHandle.nullDevice
    try curl.run()
    let text = pipe.fileHandleForReading.readDataToEndOfFile()
    curl.waitUntilExit()
    let answer = try #require(JSONSerialization.jsonObject(with: text) as? [String: Any])
    var found: [String: String] = [:]
    for condition in answer["conditions"] as? [[String: Any]] ?? [] where condition["holds"] as? Bool == false {
      found[condition["name"] as? String ?? ""] = condition["detail"] as? String ?? ""
    }
    return found
  }

  /// Waits until a readiness condition fails, and returns what it says.
  func awaitUnready(_ name: String) throws -> String {
    let found = try eventually { () -> String?? in
      guard process.isRunning else { return .some(nil) }
      return try unready()[name].map { .some($0) }
    }
    return try #require(found ?? nil, "\(process.standardError)")
  }

  /// Waits until every readiness condition holds.
  func awaitReady() throws {
    let ready = try eventually { () -> Bool? in
      guard process.isRunning else { return false }
      return try unready().isEmpty ? true : nil
    }
    try #require(ready == true, "\(process.standardError)")
  }

  /// A sample of `/metrics` by its name and labels; 0 where there is none.
  func sample(_ name: String) throws -> Int { Int(try metrics()[name] ?? 0) }

  func killIfRunning() {
    if process.isRunning {
      process.killAtOnce()
      process.wait()
    }
  }
}

extension Shop {
  /// Changes a line of `leeway.yaml`.
  static func configure(_ folder: TemporaryFolder, _ old: String, _ new: String) throws {
    let text = try String(contentsOf: folder.url.appendingPathComponent("leeway.yaml"), encoding: .utf8)
    try #require(text.contains(old))
    try folder.write(text.replacing(old, with: new), to: "leeway.yaml")
  }
}
