import LeewayCore
import Testing

@testable import LeewayLedger

/// libpq gives no code before there is a connection: what may pass, and is tried again, is known by its words.
@Suite("PostgreSQL ledger: why there is no connection")
struct ConnectingMessageTests {
  private static func failure(_ message: String) -> PostgreSQLFailure {
    PostgreSQLFailure(state: nil, message: message, connectionLost: true)
  }

  /// A server that was killed while somebody connected to it says some of these.
  @Test(arguments: [
    "server sent an error response during SSL exchange", "SSL SYSCALL error: EOF detected",
    "SSL SYSCALL error: Connection reset by peer", "SSL connection has been closed unexpectedly",
    "could not send SSL negotiation packet: Broken pipe",
  ])
  func aServerThatBreaksOffIsWaitedForAndNoCertificateIsBlamed(_ said: String) {
    let failure = Self.failure("connection to server at \"127.0.0.1\", port 5432 failed: \(said)")
    #expect(LedgerError.mayPass(failure))
    let error = LedgerError.postgresConnecting(place: "x at 127.0.0.1", failure)
    #expect(error.mayPass && error.description.hasSuffix("; start the server, or correct the address"))
  }

  @Test(arguments: [
    "connection to server at \"payment-service.svc\" (10.0.0.7), port 5432 failed: timeout expired",
    "connection to server at \"db\" (10.0.0.7), port 5432 failed: FATAL:  the database system is starting up",
    "could not translate host name \"db\" to address: Name or service not known",
    "connection to server at \"invalid.certificate\" (10.0.0.7), port 5432 failed: No route to host",
  ])
  func aNameThatSoundsLikeAMistakeIsNone(_ said: String) { #expect(LedgerError.mayPass(Self.failure(said))) }

  @Test(arguments: [
    "FATAL:  password authentication failed for user \"leeway\"", "fe_sendauth: no password supplied",
    "SSL error: certificate verify failed", "server does not support SSL, but SSL was required",
    "root certificate file \"/etc/root.crt\" does not exist", "definition of service \"x\" not found",
    "service file \"/etc/pg_service.conf\" not found", "FATAL:  database \"none\" does not exist",
    "FATAL:  no pg_hba.conf entry for host \"10.0.0.1\", user \"x\", database \"x\", no encryption",
    "invalid sslmode value: \"x\"",
  ])
  func aMistakeInTheAddressOrTheServersRulesIsSaidAtOnce(_ said: String) {
    #expect(!LedgerError.mayPass(Self.failure("connection to server at \"db\" (10.0.0.7), port 5432 failed: \(said)")))
  }

  /// As libpq says it of an HTTP server: SSL was asked for, or not.
  @Test(arguments: [
    "received invalid response to SSL negotiation: H", "expected authentication request from server, but received H",
  ])
  func anotherServerIsNamedAsSuch(_ said: String) {
    let failure = Self.failure("connection to server at \"127.0.0.1\", port 8080 failed: \(said)")
    let error = LedgerError.postgresConnecting(place: "x at 127.0.0.1", failure)
    #expect(
      error.description.hasSuffix(
        "; what answers there is no PostgreSQL server; correct the host and the port in the address"))
  }
}
