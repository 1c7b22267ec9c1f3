/// The parts of `make bench` that run in Swift, one subcommand each. Results are JSON objects, one a line.
@main
enum Main {
  static func main() throws {
    let commands: [String: (Arguments) throws -> Void] = [
      "generate": generate, "decode": decode, "drift": drift, "growth": growth, "evaluation": evaluation,
      "labels": labels, "broker": broker, "log": log, "adwin": adwin, "stage": stage, "ledger": ledger,
      "year": year, "lines": lines, "alarms": alarms,
    ]
    let words = CommandLine.arguments.dropFirst()
    guard let command = words.first.flatMap({ commands[$0] }) else {
      throw BenchmarkFailure("which benchmark? \(commands.keys.sorted().joined(separator: ", "))")
    }
    try command(try Arguments(words.dropFirst()))
  }
}
