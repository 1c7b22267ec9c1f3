/// The parts of `make bench` that run in Swift, one subcommand each. Results are JSON objects, one a line.
@main
enum Main {
  static func main() throws {
    let words = CommandLine.arguments.dropFirst()
    guard let command = words.first else { throw BenchmarkFailure("which? generate, decode, growth") }
    let arguments = try Arguments(words.dropFirst())
    switch command {
    case "generate": try generate(arguments)
    case "decode": try decode(arguments)
    default: throw BenchmarkFailure("no benchmark is called \(command)")
    }
  }
}
