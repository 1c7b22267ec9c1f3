import ArgumentParser
import Foundation
import LeewayConfiguration
import LeewayCore
import LeewayService

struct TokenCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "token", abstract: "Make bearer tokens.", subcommands: [New.self])

  struct New: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Make a token, and the line of http.tokens_file that holds its hash.",
      discussion: """
        The token is shown once and kept nowhere. With --file its line is added to the file, which is made for its owner only \
        if it does not exist; a running service reads the file again on SIGHUP.

        EXAMPLE
          leeway token new alice operator --file tokens
        """)

    @Argument(help: "Who holds it, for the audit log: letters, digits and hyphens.") var name: String
    @Argument(help: "viewer, trainer, operator or approver; several separated by commas.") var role: String
    @Option(help: "Adds the line to this file.") var file: String?

    func validate() throws {
      guard NameRule.isName(name) else { throw ValidationError("\(name) is no name; it takes \(NameRule.text)") }
      // The audit log would say that the trainer did it, and four eyes would look for the trainer.
      if Role(rawValue: name) != nil {
        throw ValidationError(
          "\(name) is the name of a role, and the name of who holds the token comes first: leeway token new NAME \(name)"
        )
      }
      _ = try roles()
    }

    private func roles() throws -> [Role] {
      try role.split(separator: ",", omittingEmptySubsequences: false).map { text in
        guard let role = Role(rawValue: String(text)) else {
          throw ValidationError("\(text) is no role; roles are \(AccessTokens.roleNames), separated by commas")
        }
        return role
      }
    }

    func run() throws {
      let roles = try roles()
      let token = AccessTokens.newToken()
      let line = AccessTokens.line(name: name, roles: roles, token: token)
      if let file {
        try AccessTokens.add(line, name: name, to: file)
        if let problem = TextFile.othersMay(file) {
          Console.write("leeway: warning: \(file): \(problem)\n", to: .error)
        }
        Console.write("\(token)\n", to: .output)
      } else {
        Console.write("token: \(token)\nline:  \(line)\n", to: .output)
      }
    }
  }
}
