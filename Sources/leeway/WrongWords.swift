import ArgumentParser
import Foundation
import LeewayConfiguration
import LeewayService

/// Commands and options that do not exist. The parser complains of what is missing before it looks at them, and proposes
/// nothing for commands, so that `leeway baseline fit --form x` reads as if --from had been left out.
enum WrongWords {
  /// The first word that no command knows, and the one that was meant; nil if every word is known.
  ///
  /// - Parameter arguments: without the program's own name.
  /// - Returns: the sentence, and the command that has no such word.
  static func first(_ arguments: [String]) -> (sentence: String, command: any ParsableCommand.Type)? {
    var rest = arguments[...]
    let asksForHelp = rest.first == "help"
    if asksForHelp { rest.removeFirst() }
    var command: any ParsableCommand.Type = Leeway.self
    var path = "leeway"
    while !command.configuration.subcommands.isEmpty {
      guard let word = rest.first, word != "-h", word != "help", !word.hasPrefix("--gen"), !word.hasPrefix("--exp")
      else { return nil }
      let names = command.configuration.subcommands.map { $0._commandName }
      guard let index = names.firstIndex(of: word) else {
        if word.hasPrefix("--") { break }
        if word.hasPrefix("-") { return nil }
        let suggestion = Spelling.suggestion(for: word, among: names)
        return ("\(path) has no command \(word); it has \(names.joined(separator: ", ")).\(suggestion)", command)
      }
      command = command.configuration.subcommands[index]
      path += " \(word)"
      rest.removeFirst()
    }
    let options = options(of: command)
    let accepted = options + ["--version", "--help", "--help-hidden"]
    for word in rest.prefix(while: { $0 != "--" }) where word.hasPrefix("--") {
      let name = String(word.prefix { $0 != "=" })
      guard !accepted.contains(name) else { continue }
      if let owner = command.configuration.subcommands.first(where: { Self.options(of: $0).contains(name) }) {
        return ("\(name) goes behind the command, as \(path) \(owner._commandName) \(name)", command)
      }
      let has = options.isEmpty ? "." : "; it has \(options.joined(separator: ", "))."
      return ("\(path) has no option \(name)\(has)\(Spelling.suggestion(for: name, among: accepted))", command)
    }
    return nil
  }

  /// What the usage line names.
  private static func options(of command: any ParsableCommand.Type) -> [String] {
    let usage = Leeway.usageString(for: command, includeHidden: true)
    return usage.matches(of: /--[a-z][a-z-]*/).map { String($0.output) }
      .filter { !["--version", "--help", "--help-hidden"].contains($0) }
  }

  /// What the parser would say of a mistake, with this sentence in place of its own.
  static func message(_ sentence: String, _ command: any ParsableCommand.Type) -> String {
    let usage = Leeway.usageString(for: command)
    let path = usage.prefix { !"[<".contains($0) }
    return "Error: \(sentence)\nUsage: \(usage)\n  See '\(path)--help' for more information."
  }
}
