import Foundation
import LeewayCore
import LeewaySource

// A Kafka on loopback in a process of its own: `leeway-test-broker BROKERS`. It prints its bootstrap servers, then takes
// an order a line on standard input, answers `ok` or `error: …`, and ends with its input.

func answer(_ text: String) { FileHandle.standardOutput.write(Data((text + "\n").utf8)) }

struct BadOrder: Error, CustomStringConvertible {
  let description: String
}

/// One order; numbers are what `EmbeddedBroker` takes.
func obey(_ words: [String], _ broker: EmbeddedBroker) throws {
  func number<N: FixedWidthInteger>(_ index: Int) throws -> N {
    guard index < words.count, let value = N(words[index]) else { throw BadOrder(description: "a number is missing") }
    return value
  }
  func name(_ index: Int) throws -> String {
    guard index < words.count else { throw BadOrder(description: "a name is missing") }
    return words[index]
  }
  switch words.first {
  case "topic": try broker.createTopic(name(1), partitions: number(2))
  case "down": try broker.takeDown(broker: words.count > 1 ? number(1) : nil)
  case "up": try broker.bringUp(broker: words.count > 1 ? number(1) : nil)
  case "delay": try broker.setRoundTrip(milliseconds: number(1))
  case "leader": try broker.moveLeader(of: TopicPartition(name(1), number(2)), to: number(3))
  case "coordinator": try broker.moveCoordinator(ofGroup: name(1), to: number(2))
  case "fail": try broker.failNextRequests(apiKey: number(1), codes: try (2..<words.count).map { try number($0) })
  case "heal": try broker.clearFailures(apiKey: number(1))
  case "fail-topic": try broker.failTopic(name(1), code: number(2))
  default: throw BadOrder(description: "no such order")
  }
}

let brokers = CommandLine.arguments.dropFirst().first.flatMap { Int($0) } ?? 1
do {
  let broker = try EmbeddedBroker(brokers: min(max(brokers, 1), 3))
  answer(broker.bootstrap)
  while let line = readLine() {
    do {
      try obey(line.split(separator: " ").map(String.init), broker)
      answer("ok")
    } catch {
      answer("error: \(error)")
    }
  }
  broker.close()
} catch {
  answer("error: \(error)")
  exit(3)
}
