import Foundation
import LeewaySource
import LeewayTestSupport
import Testing

/// The set-ups of docs/proxy.md with the real nginx of Debian: what it lets through is not taken for this machine.
@Suite struct ProxyTests {
  private static let nginx = "/usr/sbin/nginx"

  /// nginx in front of an address; ends with this object.
  private final class Proxy {
    let process = Process()
    let port: Int

    /// - Parameter location: the directives of `location /`, with BACKEND for the service's address.
    init(to backend: String, in folder: URL, location: String) throws {
      let reservation = try LoopbackPort()
      port = reservation.number
      let configuration = """
        daemon off; pid \(folder.path)/nginx.pid; error_log stderr; worker_processes 1;
        events { worker_connections 64; }
        http {
          access_log off;
          client_body_temp_path \(folder.path)/body; proxy_temp_path \(folder.path)/proxy;
          fastcgi_temp_path \(folder.path)/f; uwsgi_temp_path \(folder.path)/u; scgi_temp_path \(folder.path)/s;
          server {
            listen 127.0.0.1:\(port);
            location / { \(location.replacing("BACKEND", with: backend)) }
          }
        }
        """
      let file = folder.appendingPathComponent("nginx-\(port).conf")
      try Data(configuration.utf8).write(to: file)
      process.executableURL = URL(fileURLWithPath: ProxyTests.nginx)
      process.arguments = ["-c", file.path, "-p", folder.path, "-e", "stderr"]
      process.standardError = FileHandle.nullDevice
      try process.runBound()
    }

    deinit {
      process.terminate()
      process.waitUntilExit()
    }

    /// The status of an answer, once nginx is there.
    func status(_ path: String, _ more: [String] = []) throws -> Int? {
      try eventually { () -> Int? in
        let answer = try Curl.ask("http://127.0.0.1:\(port)\(path)", ["-o", "/dev/null", "-w", "%{http_code}"] + more)
        return answer.code == 0 ? Int(answer.output) : nil
      }
    }
  }

  @Test func proxyThatHidesWhoAsksOpensNothing() throws {
    try #require(FileManager.default.isExecutableFile(atPath: Self.nginx), "nginx is missing; make setup-test")
    let folder = try TemporaryFolder()
    let broker = try EmbeddedBroker()
    defer { broker.close() }
    for topic in [Shop.predictions, Shop.labels] { try broker.createTopic(topic, partitions: 1) }
    try Shop.prepare(in: folder, bootstrap: broker.bootstrap)
    let made = try LeewayProcess.run(["token", "new", "grafana", "viewer", "--file", "tokens"], in: folder.url)
    try #require(made.code == 0, "\(made.error)")
    let token = made.output.trimmingCharacters(in: .newlines)
    let configuration = try String(contentsOf: folder.url.appendingPathComponent("leeway.yaml"), encoding: .utf8)
    func serve(_ http: String) throws -> RunningService {
      try folder.write(
        configuration.replacing("http: {listen: \"127.0.0.1:0\"}", with: "http: {listen: \"127.0.0.1:0\", \(http)}"),
        to: "leeway.yaml")
      return try RunningService(in: folder.url, token: token)
    }
    // Without any header that says who asks, and under the name of this machine: the worst set-up there is.
    let careless = "proxy_pass BACKEND; proxy_set_header Host localhost; proxy_set_header X-Forwarded-For \"\";"
    let documented =
      "proxy_pass BACKEND; proxy_http_version 1.1; proxy_set_header Connection \"\"; proxy_set_header Host $host; "
      + "proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for; proxy_buffering off;"

    // The address that others use is known, and there are no tokens: nobody reads through the proxy or beside it.
    let closed = try serve("public_url: \"https://leeway.example.com\"")
    do {
      defer { closed.process.killAtOnce() }
      let proxy = try Proxy(to: closed.base, in: folder.url, location: careless)
      #expect(try proxy.status("/api/v1/monitors") == 401)
      #expect(try proxy.status("/metrics") == 401)
      #expect(try proxy.status("/healthz") == 200)
    }
    closed.process.wait()

    let service = try serve("public_url: \"https://leeway.example.com\", tokens_file: tokens")
    defer { service.process.killAtOnce() }
    for location in [careless, documented] {
      let proxy = try Proxy(to: service.base, in: folder.url, location: location)
      #expect(try proxy.status("/api/v1/monitors") == 401)
      #expect(try proxy.status("/api/v1/monitors", ["-H", "Authorization: Bearer \(token)"]) == 200)
      #expect(try proxy.status("/metrics", ["-H", "Authorization: Bearer \(token)"]) == 200)
      // A viewer changes nothing, however it comes.
      #expect(try proxy.status("/-/reload", ["-X", "POST", "-H", "Authorization: Bearer \(token)"]) == 403)
      #expect(try proxy.status("/") == 200)
    }
  }

  /// `token new` makes files for their owner only, and says what is wrong.
  @Test func tokensAreMadeByTheCommand() throws {
    let folder = try TemporaryFolder()
    func run(_ arguments: String...) throws -> (code: Int32, output: String, error: String) {
      try LeewayProcess.run(["token", "new"] + arguments, in: folder.url)
    }
    #expect(try run("alice", "operator,approver", "--file", "tokens").code == 0)
    let mode = try FileManager.default.attributesOfItem(atPath: folder.url.appendingPathComponent("tokens").path)
    #expect((mode[.posixPermissions] as? Int) == 0o600)
    let again = try run("alice", "viewer", "--file", "tokens")
    #expect(again.code == 1 && again.output.isEmpty)
    #expect(
      again.error
        == "leeway: tokens:2: the name alice is given twice; give each token a name of its own; nothing was added\n")
    let shown = try run("bob", "viewer")
    #expect(shown.output.wholeMatch(of: /token: lw_[A-Za-z0-9_-]{43}\nline:  bob:viewer:sha256:[0-9a-f]{64}\n/) != nil)
    #expect(try run("bob", "king").code == 2)
    #expect(try run("Bob", "viewer").code == 2)
  }
}
