import ArgumentParser
import LeewayConfiguration
import LeewayService

struct KeysCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "keys", abstract: "Print every key of monitor files and of leeway.yaml, as Markdown.",
    discussion: """
      Each with what it takes, what holds without it, and what it is: the descriptions that leeway check reads files by.

      EXAMPLE
        leeway keys
      """)

  func run() { Console.write(KeyTables.markdown, to: .output) }
}
