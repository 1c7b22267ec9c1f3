import HTTPTypes
import LeewayCore
import NIOCore
import Testing

@testable import LeewayService

@Suite struct AccessTests {
  private static let file = """
    # who may read
    viewer:0123456789abcdef

    operator:fedcba9876543210
    """

  @Test func tokensHaveRoles() throws {
    let tokens = try AccessTokens(parsing: Self.file, file: "tokens")
    #expect(tokens.role(of: "0123456789abcdef") == .viewer)
    #expect(tokens.role(of: "fedcba9876543210") == .operator)
    #expect(tokens.role(of: "0123456789abcde") == nil)
    #expect(tokens.role(of: "") == nil)
    #expect(Role.viewer < .trainer && Role.trainer < .operator)
  }

  @Test func everyWrongLineIsNamedAndNoTokenIsSaid() {
    let text =
      "admin:0123456789abcdef\nviewer:short\nviewer 0123456789abcdef\nviewer:0123456789 abcdef\n"
      + "viewer:0123456789abcdef\ntrainer:0123456789abcdef\n"
    #expect(
      throws: AccessTokensFailure(problems: [
        "t:1: expected viewer, trainer or operator, a colon and the token",
        "t:2: the token is shorter than 16 bytes; make a longer one",
        "t:3: expected viewer, trainer or operator, a colon and the token",
        "t:4: the token holds a space or a character out of ASCII; a header cannot carry it",
        "t:6: the token is given twice; keep one role for it",
      ])
    ) { try AccessTokens(parsing: text, file: "t") }
    #expect(throws: AccessTokensFailure(problems: ["t: holds no token; add a line as viewer:TOKEN"])) {
      try AccessTokens(parsing: "# none\n", file: "t")
    }
  }

  @Test(
    arguments: [
      ("127.0.0.1", "localhost:8080", false, true), ("127.0.0.1", "127.0.0.1", false, true),
      ("::1", "[::1]:80", false, true),
      ("127.0.0.1", nil, false, true), ("127.0.0.1", "evil.example:8080", false, false),
      ("127.0.0.1", "127.0.0.1.evil.example", false, false), ("127.0.0.1", "localhost", true, false),
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
          == #"{"type":"urn:leeway:problem:unauthorized","title":"Token needed","status":401,"detail":"Reading from another machine needs a token, and http.tokens_file is not set.","instance":"/api/v1/monitors","fix":"Send Authorization: Bearer TOKEN with a token of the viewer, trainer or operator role from http.tokens_file."}"#
      )
      #expect(refused.headers[.wwwAuthenticate] == "Bearer realm=\"leeway\"")
      for open in ["/healthz", "/readyz", "/", "/app.js", "/api/v1/openapi.json"] {
        expectEqual(try await client.get(open, elsewhere).status, .ok)
      }
    }
    let tokens = try AccessTokens(parsing: Self.file, file: "tokens")
    try await serving(try .filled(), tokens: tokens) { client in
      for path in ["/metrics", "/api/v1/monitors", "/api/v1/results", "/api/v1/quarantine"] {
        expectEqual(try await client.get(path).status, .ok)
        expectEqual(try await client.get(path, elsewhere).status, .unauthorized)
        var fields = elsewhere
        fields[.authorization] = "bearer 0123456789abcdef"
        expectEqual(try await client.get(path, fields).status, .ok)
        expectEqual(try await client.get(path, [.authorization: "Bearer 0123456789abcdee"]).status, .unauthorized)
      }
    }
  }
}
