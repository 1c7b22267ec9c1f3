import Foundation
import LeewayCore
import LeewayTestSupport
import Testing

@testable import LeewayLedger

/// Who is let in, and how; on a server that asks for passwords and speaks TLS with a certificate of its own.
@Suite("PostgreSQL ledger: connecting", PostgreSQLTests.condition, .serialized)
struct ConnectingTests {
  private static let own = Result {
    let server = try TemporaryPostgreSQL(
      settings: ["ssl = on", "ssl_cert_file = '../server.crt'", "ssl_key_file = '../server.key'"],
      accessRules: [
        "hostssl all tls 127.0.0.1/32 trust", "host all tls 127.0.0.1/32 reject",
        "host all guarded 127.0.0.1/32 scram-sha-256",
      ]
    ) { folder in
      for name in ["server", "other"] {
        let openssl = Process()
        openssl.executableURL = URL(fileURLWithPath: "/usr/bin/openssl")
        openssl.arguments =
          [
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
            "-subj",
          ]
          + ["/CN=\(name)", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", "\(folder)/\(name).key"]
          + ["-out", "\(folder)/\(name).crt"]
        openssl.standardError = FileHandle.nullDevice
        try openssl.run()
        openssl.waitUntilExit()
        chmod("\(folder)/\(name).key", 0o600)
        chmod("\(folder)/\(name).crt", 0o644)
      }
    }
    for sql in [
      "CREATE ROLE guarded LOGIN PASSWORD 'hunter2'", "CREATE DATABASE guarded OWNER guarded", "CREATE ROLE tls LOGIN",
      "CREATE DATABASE tls OWNER tls", "CREATE DATABASE latin TEMPLATE template0 ENCODING 'LATIN1'",
    ] { try server.execute(sql) }
    return server
  }
  private let server: TemporaryPostgreSQL

  init() throws { server = try Self.own.get() }

  /// `text` after what libpq says of the place, which has the port in it.
  private func failed(_ place: String, _ text: String) -> String {
    "connecting to the ledger \(place) at 127.0.0.1:\(server.port): connection to server at \"127.0.0.1\", port "
      + "\(server.port) failed: \(text)"
  }

  @Test func whoIsNotLetInHearsWhyAndNeverThePassword() {
    let port = server.port
    #expect(
      PostgreSQLTests.refusal("postgres://guarded:wrong-hunter@127.0.0.1:\(port)/guarded", within: 60)
        == failed(
          "guarded",
          "FATAL:  password authentication failed for user \"guarded\"; connection to server at \"127.0.0.1\", port "
            + "\(port) failed: FATAL:  password authentication failed for user \"guarded\"; correct the password in the "
            + "address, PGPASSWORD or .pgpass"))
    #expect(
      PostgreSQLTests.refusal(server.address(database: "none", "sslmode=disable"), within: 60)
        == failed("none", "FATAL:  database \"none\" does not exist; create it (createdb), or name another one"))
    #expect(
      PostgreSQLTests.refusal(server.address(user: "nobody", "sslmode=disable"), within: 60)
        == failed("postgres", "FATAL:  role \"nobody\" does not exist; create it (createuser), or name another one"))
    #expect(
      PostgreSQLTests.refusal(server.address(database: "latin"))
        == "opening the ledger latin at 127.0.0.1:\(port): the database is encoded in LATIN1; make one with ENCODING "
        + "'UTF8'")
    #expect(
      PostgreSQLTests.refusal(server.address("options=-csearch_path%3Dnone"))
        == "opening the ledger postgres at 127.0.0.1:\(port): none of the schemas in search_path exists; make one, or "
        + "correct search_path in the address")
  }

  @Test(arguments: [
    "postgres://user:hun%zzter2@db/x", "postgres://user:hun@ter2@db/x", "postgres://user:hun/ter2@db/x",
    "postgres://user:hun?ter2@db/x", "postgres://user:hunter2@[db/x", "postgres://user@db/x?pasword=hunter2",
  ])
  func anAddressThatCannotBeReadIsNotShown(_ address: String) {
    #expect(!PostgreSQLLedger.isAddress(address))
    #expect(
      PostgreSQLTests.refusal(address)
        == "opening the ledger: the PostgreSQL address cannot be read; it takes "
        + "postgres://USER@HOST:5432/DATABASE?sslmode=verify-full, with % codes for special characters")
  }

  @Test func thePlaceIsShownWithoutThePassword() throws {
    for (address, place) in [
      ("postgres://u:hunter2@a,b:2/x?sslmode=require", "x at a,b:2"), ("postgresql:///x?host=/tmp", "x at /tmp"),
      ("postgres://u@h?password=hunter2", "u at h"), ("postgres://?service=s", "of the service s"),
      ("postgres://", "of libpq's defaults"), ("postgres://u:p%40s%2Fs@h:5/d", "d at h:5"),
    ] {
      #expect(try PostgreSQLAddress(address).place == place)
    }
    let ledger = try PostgreSQLLedger(
      address: "postgres://guarded:hunter2@127.0.0.1:\(server.port)/guarded?sslmode=disable")
    #expect(ledger.location.hasPrefix("PostgreSQL 15."))
    #expect(ledger.location.hasSuffix(", guarded at 127.0.0.1:\(server.port)"))
    let names = try server.execute("SELECT application_name FROM pg_stat_activity WHERE datname = 'guarded'")
    #expect(names.allSatisfy { $0 == ["leeway"] })
  }

  @Test func aPasswordFileAndAServiceFileAreUsedAsLibpqUsersExpect() async throws {
    let folder = server.folder
    let passwords: String = "\(folder)/pgpass"
    try Data("127.0.0.1:\(server.port):guarded:guarded:hunter2\n".utf8).write(to: URL(fileURLWithPath: passwords))
    chmod(passwords, 0o600)
    let services: String = "\(folder)/services.conf"
    let service = "[drift]\nhost=127.0.0.1\nport=\(server.port)\nuser=guarded\ndbname=guarded\n"
    try Data(service.utf8).write(to: URL(fileURLWithPath: services))
    // In a process of its own, since the environment is everybody's.
    await #expect(processExitsWith: .success) { [passwords = passwords as String, services = services as String] in
      setenv("PGPASSFILE", passwords, 1)
      setenv("PGSERVICEFILE", services, 1)
      let ledger = try PostgreSQLLedger(address: "postgres://?service=drift")
      try PostgreSQLTests.store(1, in: ledger)
      #expect(ledger.location.hasSuffix(", of the service drift, encrypted"))
      setenv("PGSERVICE", "drift", 1)
      #expect(try PostgreSQLTests.stored(in: try PostgreSQLLedger(address: "postgres://")) == [1])
      unsetenv("PGPASSFILE")
      setenv("HOME", "/nonexistent", 1)
      #expect(
        PostgreSQLTests.refusal("postgres://?service=drift").hasSuffix(
          "fe_sendauth: no password supplied; correct the password in the address, PGPASSWORD or .pgpass"))
    }
  }

  @Test func tlsIsAskedForCheckedAndRefusedAsSslmodeSays() throws {
    let folder = server.folder
    let encrypted = try PostgreSQLLedger(address: server.address(user: "tls", database: "tls", "sslmode=require"))
    #expect(encrypted.location.hasSuffix(", encrypted"))
    try PostgreSQLTests.store(1, in: encrypted)
    let verified = try PostgreSQLLedger(
      address: server.address(user: "tls", database: "tls", "sslmode=verify-full&sslrootcert=\(folder)/server.crt"))
    #expect(try PostgreSQLTests.stored(in: verified) == [1])
    #expect(
      PostgreSQLTests.refusal(
        server.address(user: "tls", database: "tls", "sslmode=verify-full&sslrootcert=\(folder)/other.crt"), within: 60)
        == failed(
          "tls",
          "SSL error: certificate verify failed; check sslmode and sslrootcert in the address against the server's "
            + "certificate"))
    let refused = PostgreSQLTests.refusal(server.address(user: "tls", database: "tls", "sslmode=disable"), within: 60)
    #expect(refused.contains("pg_hba.conf rejects connection for host \"127.0.0.1\", user \"tls\""), "\(refused)")
    #expect(refused.hasSuffix("; let this host and user in, in the server's pg_hba.conf"), "\(refused)")
  }

  /// Whoever starts the service sees what it waits for, and how long.
  @Test func aServerThatIsNotThereIsToldOfAtOnceAndNotAtEveryAttempt() throws {
    // Bound and not listening: nobody answers.
    let reservation = try LoopbackPort()
    let address = "postgres://u@127.0.0.1:\(reservation.number)/d"
    func waits(tellEverySeconds: Int) -> [PostgreSQLLedger.Waiting] {
      var waits: [PostgreSQLLedger.Waiting] = []
      #expect(throws: LedgerError.self) {
        _ = try PostgreSQLLedger(
          address: address, options: .init(connectWithinSeconds: 1, tellEverySeconds: tellEverySeconds)
        ) { waits.append($0) }
      }
      return waits
    }
    let rare = waits(tellEverySeconds: 3600)
    #expect(rare.count == 1)
    #expect(rare.first?.pause == 50)
    #expect(rare.first.map { (0...1).contains($0.left) } == true)
    #expect(
      rare.first?.error.description.hasPrefix("connecting to the ledger d at 127.0.0.1:\(reservation.number): ") == true
    )
    let all = waits(tellEverySeconds: 0)
    #expect(zip(all.map(\.pause), [50, 100, 200, 400]).allSatisfy(==))
    #expect(all.count > 1)
  }
}
