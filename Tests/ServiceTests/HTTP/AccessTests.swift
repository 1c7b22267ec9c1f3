import HTTPTypes
import LeewayCore
import NIOCore
import Testing

@testable import LeewayConfiguration
@testable import LeewayService
@testable import LeewayWeb

@Suite struct AccessTests {
  private static let file = """
    # who may read
    viewer:0123456789abcdef

    operator:fedcba9876543210
    """

  @Test func tokensHaveNamesAndRoles() throws {
    // sha256sum of 0123456789abcdef.
    let hash = "9f9f5111f7b27a781f1f1ddde5ebc2dd2b796bfc7365c9c28b548e564176929f"
    let tokens = try AccessTokens(parsing: "# people\nalice:operator,approver:sha256:\(hash)\n", file: "tokens")
    #expect(tokens.holder(of: "0123456789abcdef") == TokenHolder(name: "alice", roles: [.operator, .approver]))
    #expect(
      tokens.holder(of: hash) == nil && tokens.holder(of: "0123456789abcde") == nil && tokens.holder(of: "") == nil)
    #expect(tokens.warnings == [])
    #expect(
      AccessTokens.line(name: "alice", roles: [.operator, .approver], token: "0123456789abcdef")
        == "alice:operator,approver:sha256:\(hash)")
  }

  @Test func rolesThatIncludeOthers() {
    func may(_ role: Role) -> Set<Role> {
      Set(Role.allCases.filter { TokenHolder(name: "a", roles: [role]).may($0) })
    }
    #expect(may(.viewer) == [.viewer] && may(.trainer) == [.viewer, .trainer])
    #expect(may(.operator) == [.viewer, .trainer, .operator] && may(.approver) == [.viewer, .approver])
  }

  @Test func theOldFormIsReadAndWarnedOf() throws {
    let tokens = try AccessTokens(parsing: Self.file, file: "tokens")
    #expect(tokens.holder(of: "0123456789abcdef") == TokenHolder(name: "sha256:9f9f5111", roles: [.viewer]))
    #expect(tokens.holder(of: "fedcba9876543210")?.roles == [.operator])
    #expect(
      tokens.warnings
        == [2, 4].map {
          "tokens:\($0): the line holds the token itself; make a new one with leeway token new NAME ROLE, whose line holds "
            + "its hash"
        })
  }

  @Test func tokensThatAreMadeFitTheirFile() throws {
    let made = Set((0..<100).map { _ in AccessTokens.newToken() })
    #expect(made.count == 100 && made.allSatisfy { $0.utf8.count == 46 && $0.hasPrefix("lw_") })
    let text = made.enumerated().map { AccessTokens.line(name: "n\($0)", roles: [.viewer], token: $1) }
      .joined(separator: "\n")
    let tokens = try AccessTokens(parsing: text, file: "t")
    #expect(made.allSatisfy { tokens.holder(of: $0) != nil })
  }

  @Test func everyWrongLineIsNamedAndNoTokenIsSaid() {
    let hash = String(repeating: "a", count: 64)
    let text =
      "admin:0123456789abcdef\nviewer:short\nviewer 0123456789abcdef\nviewer:0123456789 abcdef\n"
      + "viewer:0123456789abcdef\ntrainer:0123456789abcdef\nAl:viewer:sha256:\(hash)\nal:king:sha256:\(hash)\n"
      + "al:viewer:sha256:12\nbo:viewer:sha256:\(hash)\nbo:viewer:sha256:\(hash)\n"
    let form = "expected NAME:ROLE:sha256:HASH; make the line with leeway token new NAME ROLE"
    #expect(
      throws: AccessTokensFailure(problems: [
        "t:1: \(form)", "t:2: the token is shorter than 16 bytes; make a longer one", "t:3: \(form)",
        "t:4: the token holds a space or a character out of ASCII; a header cannot carry it",
        "t:6: the token is given twice; keep one line for it",
        "t:7: Al is no name; it takes 1 to 63 small letters, digits and hyphens",
        "t:8: king is no role; roles are viewer, trainer, operator, approver, separated by commas",
        "t:9: the hash is not 64 hexadecimal digits; make the line with leeway token new NAME ROLE",
        "t:11: the name bo is given twice; give each token a name of its own",
      ])
    ) { try AccessTokens(parsing: text, file: "t") }
    #expect(
      throws: AccessTokensFailure(problems: ["t: holds no token; add a line, made by leeway token new NAME ROLE"])
    ) { try AccessTokens(parsing: "# none\n", file: "t") }
  }

  @Test(
    arguments: [
      ("127.0.0.1", "localhost:8080", false, true), ("127.0.0.1", "127.0.0.1", false, true),
      ("::1", "[::1]:80", false, true),
      ("127.0.0.1", nil, false, true), ("127.0.0.1", "evil.example:8080", false, false),
      ("127.0.0.1", "127.0.0.1.evil.example", false, false), ("127.0.0.1", "localhost", true, false),
      ("127.0.0.1", "[::1].evil.example", false, false), ("127.0.0.1", "[::1]evil", false, false),
      ("127.0.0.1", "[localhost]", false, false), ("127.0.0.1", "localhost:80@evil.example", false, false),
      ("127.0.0.1", "[::1", false, false), ("::1", "[::1]", false, true),
      ("10.0.0.7", "localhost", false, false),
    ] as [(String, String?, Bool, Bool)])
  func onlyThisMachineIsLoopback(_ remote: String, _ authority: String?, _ isForwarded: Bool, _ expected: Bool) throws {
    let address = try SocketAddress(ipAddress: remote, port: 1)
    #expect(
      RequestOrigin(remote: address, authority: authority, isForwarded: isForwarded).isLoopback == expected)
  }

  @Test func whatComesFromElsewhereNeedsAToken() async throws {
    let elsewhere: HTTPFields = [.xForwardedFor: "203.0.113.9"]
    try await serving(try .filled()) { client in
      let refused = try await client.get("/api/v1/monitors", elsewhere)
      #expect(
        refused.text
          == #"{"type":"urn:leeway:problem:unauthorized","title":"Token needed","status":401,"detail":"Reading from another machine needs a token, and http.tokens_file is not set.","instance":"/api/v1/monitors","fix":"Send Authorization: Bearer TOKEN with a token from http.tokens_file."}"#
      )
      #expect(refused.headers[.wwwAuthenticate] == "Bearer realm=\"leeway\"")
      for open in ["/healthz", "/readyz", "/", "/app.js", "/api/v1/openapi.json"] {
        expectEqual(try await client.get(open, elsewhere).status, .ok)
      }
      expectEqual(try await client.get("/api/v1/monitors").status, .ok)
    }
  }

  /// A proxy without X-Forwarded-For and a TCP forwarder look like this machine; so where others reach the service, this
  /// machine needs a token too.
  @Test func withTokensOrOthersAroundThisMachineNeedsATokenToo() async throws {
    try await serving(try .filled(), isOpen: false) { client in
      let refused = try await client.get("/api/v1/monitors")
      expectEqual(refused.status, .unauthorized)
      #expect(
        refused.text.contains(
          "Reading needs a token where http.listen or http.public_url lets others in, and http.tokens_file is not set.")
      )
    }
    let tokens = try AccessTokens(parsing: Self.file, file: "tokens")
    try await serving(try .filled(), tokens: tokens) { client in
      for path in ["/metrics", "/api/v1/monitors", "/api/v1/results", "/api/v1/quarantine"] {
        expectEqual(try await client.get(path).status, .unauthorized)
        expectEqual(try await client.get(path, [.authorization: "bearer 0123456789abcdef"]).status, .ok)
        expectEqual(try await client.get(path, [.authorization: "Bearer 0123456789abcdee"]).status, .unauthorized)
      }
      expectEqual(try await client.get("/healthz").status, .ok)
    }
  }

  @Test(
    arguments: [
      ("127.0.0.1", nil, nil, true), ("localhost", "http://localhost:8080", nil, true),
      ("::1", "http://[::1]:8080/leeway", nil, true), ("127.0.0.1", "http://127.0.0.1", nil, true),
      ("0.0.0.0", nil, nil, false), ("10.0.0.1", "http://localhost", nil, false),
      ("127.0.0.1", "https://leeway.example.com", nil, false),
      ("127.0.0.1", "http://localhost.evil.example", nil, false),
      ("127.0.0.1", nil, "tokens", false),
    ] as [(String, String?, String?, Bool)])
  func readingIsOpenOnlyWhereNobodyElseIsLetIn(
    _ host: String, _ publicURL: String?, _ tokens: String?, _ isOpen: Bool
  ) {
    let http = ServiceConfiguration.HTTP(host: host, port: 1, publicURL: publicURL, tokensFile: tokens)
    #expect(http.readingIsOpen == isOpen)
  }
}
