import Foundation
import LeewayCore
import LeewayTestSupport
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

  /// What `/readyz` says of each condition that does not hold; nil if it does not answer.
  func failedConditions() -> [String: String]? {
    guard let text = try? Curl.ask(base + "/readyz").output,
      let answer = try? JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any],
      let conditions = answer["conditions"] as? [[String: Any]]
    else { return nil }
    var found: [String: String] = [:]
    for condition in conditions where condition["holds"] as? Bool == false {
      found[CarLoan.text(condition, "name")] = CarLoan.text(condition, "detail")
    }
    return found
  }

  /// The same of a service that must answer: asks again until it does.
  func unready(sourceLocation: SourceLocation = #_sourceLocation) throws -> [String: String] {
    let found = try eventually { () -> [String: String]?? in
      if let found = failedConditions() { return found }
      return process.isRunning ? nil : .some(nil)
    }
    return try #require(found ?? nil, "\(process.standardError)", sourceLocation: sourceLocation)
  }

  /// Waits until a readiness condition fails and says something that begins so, and returns what it says.
  func awaitUnready(_ name: String, _ beginning: String = "") throws -> String {
    var said: String?
    let found = try eventually { () -> String?? in
      guard process.isRunning else { return .some(nil) }
      said = failedConditions()?[name]
      guard let said, said.hasPrefix(beginning) else { return nil }
      return .some(said)
    }
    return try #require(found ?? nil, "\(name): \(said ?? "holds")\n\(process.standardError)")
  }

  /// Waits until every readiness condition holds.
  func awaitReady() throws {
    let ready = try eventually { () -> Bool? in
      guard process.isRunning else { return false }
      return failedConditions()?.isEmpty == true ? true : nil
    }
    try #require(ready == true, "\(process.standardError)")
  }

  /// A sample of `/metrics` by its name and labels; 0 where there is none.
  func sample(_ name: String) throws -> Int { Int(try metrics()[name] ?? 0) }

  /// Waits until a sample is this; 0 where there is none.
  func expectSample(_ name: String, _ wanted: Int, sourceLocation: SourceLocation = #_sourceLocation) throws {
    var found = 0
    _ = try eventually { () -> Bool? in
      found = try sample(name)
      return found == wanted || !process.isRunning ? true : nil
    }
    #expect(found == wanted, "\(name): \(process.standardError)", sourceLocation: sourceLocation)
  }

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
