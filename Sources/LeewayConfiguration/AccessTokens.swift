import LeewayCore

/// What the holder of a token may do.
package enum Role: String, Sendable, CaseIterable {
  /// Reads.
  case viewer
  /// Answers for retrains.
  case trainer
  /// Changes incidents and retrains.
  case `operator`
  /// Says that a candidate may go into production.
  case approver

  /// Everybody may read, and an operator may do what a trainer does. Only an approver may approve.
  func includes(_ other: Role) -> Bool { self == other || other == .viewer || (self == .operator && other == .trainer) }
}

/// Who holds a token.
package struct TokenHolder: Sendable, Equatable {
  /// As in the file, for the audit log; of a line in the old form the beginning of the token's hash.
  package var name: String
  package var roles: Set<Role>

  package func may(_ role: Role) -> Bool { roles.contains { $0.includes(role) } }

  /// Whether it may approve of a model: who answers for a trainer may not.
  package var mayApprove: Bool { may(.approver) && !roles.contains(.trainer) }
}

/// The bearer tokens of a `tokens_file`. Only their SHA-256 is kept, so that comparing takes the same time for all.
package struct AccessTokens: Sendable {
  /// Shorter tokens can be guessed.
  package static let minimumLength = 16

  /// By the hash of the token, 64 hexadecimal digits.
  private var holders: [String: TokenHolder] = [:]
  /// What is legal and unwise about the file, each with its place.
  package private(set) var warnings: [String] = []

  /// Reads lines `NAME:ROLE[,ROLE]:sha256:HASH`, as `leeway token new` makes them; empty lines and those that begin with
  /// `#` are passed over. Lines `ROLE:TOKEN`, which hold the token itself, are still read, with a warning.
  ///
  /// - Parameter file: Names the file in errors.
  /// - Throws: ``AccessTokensFailure`` with every line that is wrong. It never holds a token.
  package init(parsing text: String, file: String) throws(AccessTokensFailure) {
    var problems: [String] = []
    var names: Set<String> = []
    let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
    for (index, line) in lines.enumerated() where !line.isEmpty && line.first != "#" {
      let place = "\(file):\(index + 1)"
      do throws(LineProblem) {
        let isHashed: Bool
        let (digest, holder): (String, TokenHolder)
        if let found = try Self.hashed(line) {
          (digest, holder) = found
          isHashed = true
        } else {
          (digest, holder) = try Self.plain(line)
          isHashed = false
        }
        if isHashed {
          guard names.insert(holder.name).inserted else {
            throw LineProblem(text: "the name \(holder.name) is given twice; give each token a name of its own")
          }
        } else {
          warnings.append(
            "\(place): the line holds the token itself; make a new one with leeway token new NAME ROLE, whose line holds "
              + "its hash")
        }
        guard holders.updateValue(holder, forKey: digest) == nil else {
          throw LineProblem(text: "the token is given twice; keep one line for it")
        }
      } catch {
        problems.append("\(place): \(error.text)")
      }
    }
    if problems.isEmpty, holders.isEmpty {
      problems.append("\(file): holds no token; add a line, made by leeway token new NAME ROLE")
    }
    guard problems.isEmpty else { throw AccessTokensFailure(problems: problems) }
  }

  private struct LineProblem: Error { var text: String }

  /// nil if the line is in the old form.
  private static func hashed(_ line: Substring) throws(LineProblem) -> (String, TokenHolder)? {
    let parts = line.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count == 4, parts[2] == "sha256" else { return nil }
    guard NameRule.isName(String(parts[0])) else {
      throw LineProblem(text: "\(ConfigurationNode.shown(String(parts[0]))) is no name; it takes \(NameRule.text)")
    }
    var roles: Set<Role> = []
    for name in parts[1].split(separator: ",", omittingEmptySubsequences: false) {
      guard let role = Role(rawValue: String(name)) else {
        throw LineProblem(
          text: "\(ConfigurationNode.shown(String(name))) is no role; roles are \(roleNames), separated by commas")
      }
      roles.insert(role)
    }
    let digest = parts[3].lowercased()
    guard digest.utf8.count == 64, digest.utf8.allSatisfy({ (0x30...0x39).contains($0) || (0x61...0x66).contains($0) })
    else {
      throw LineProblem(text: "the hash is not 64 hexadecimal digits; make the line with leeway token new NAME ROLE")
    }
    return (digest, TokenHolder(name: String(parts[0]), roles: roles))
  }

  private static func plain(_ line: Substring) throws(LineProblem) -> (String, TokenHolder) {
    let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.count == 2, let role = Role(rawValue: String(parts[0])) else {
      throw LineProblem(text: "expected NAME:ROLE:sha256:HASH; make the line with leeway token new NAME ROLE")
    }
    let token = String(parts[1])
    guard token.utf8.count >= minimumLength else {
      throw LineProblem(text: "the token is shorter than \(minimumLength) bytes; make a longer one")
    }
    guard token.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
      throw LineProblem(text: "the token holds a space or a character out of ASCII; a header cannot carry it")
    }
    let digest = digest(token)
    return (digest, TokenHolder(name: "sha256:\(digest.prefix(8))", roles: [role]))
  }

  package static let roleNames = Role.allCases.map(\.rawValue).joined(separator: ", ")

  /// How many may approve of a model: those who cannot answer for a trainer as well.
  package var approvers: Int { Set(holders.values.lazy.filter(\.mayApprove).map(\.name)).count }

  /// nil for a token that is not in the file.
  package func holder(of token: String) -> TokenHolder? { holders[Self.digest(token)] }

  private static func digest(_ token: String) -> String { SHA256.hash(Array(token.utf8)).hex }

  /// The line of a token in the file.
  package static func line(name: String, roles: [Role], token: String) -> String {
    "\(name):\(roles.map(\.rawValue).joined(separator: ",")):sha256:\(digest(token))"
  }
}

package struct AccessTokensFailure: Error, Equatable, CustomStringConvertible {
  /// One for every line that is wrong: place, what, and the fix.
  package let problems: [String]
  package var description: String { problems.joined(separator: "\n") }
}

extension AccessTokens {
  /// Reads a `tokens_file`.
  ///
  /// - Throws: ``AccessTokensFailure``, also for a file that cannot be read.
  package init(reading path: String) throws(AccessTokensFailure) {
    let bytes: [UInt8]
    do throws(TextFile.Failure) { bytes = try TextFile.bytes(at: path, limit: 1 << 20) } catch {
      throw AccessTokensFailure(problems: ["\(path): the file of tokens \(error.problem)"])
    }
    try self.init(parsing: String(decoding: bytes, as: UTF8.self), file: path)
  }
}
