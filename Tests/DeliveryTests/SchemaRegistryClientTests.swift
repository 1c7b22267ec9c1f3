import Foundation
import LeewayCore
import LeewayTestSupport
import Testing

@testable import LeewayDelivery

/// Questions to a registry on loopback that answers well, badly or not at all.
@Suite struct SchemaRegistryClientTests {
  private static let text = "{\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"name\":\"é\",\"type\":\"int\"}]}"
  private static let limits = RequestLimits(
    connect: 20_000, total: 60_000, stall: 60_000, answerBytes: SchemaRegistryClient.maximumAnswerBytes)

  private func client(
    _ urls: [String], _ credentials: SchemaRegistryServer.Credentials = .none, tls: HTTPTrust = HTTPTrust(),
    limits: RequestLimits = limits
  ) throws -> SchemaRegistryClient {
    try SchemaRegistryClient(
      SchemaRegistryServer(urls: urls, credentials: credentials, tls: tls), version: "1.2.3", abort: AbortFlag(),
      limits: limits)
  }

  private static func body(_ schema: String, _ more: String = "") -> String {
    let quoted = schema.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
    return "{\"schema\":\"\(quoted)\"\(more)}"
  }

  private func answer(status: Int = 200, _ body: String, id: SchemaID = 17) throws -> (SchemaAnswer, String) {
    let server = try LoopbackReceiver(otherwise: .answer(status: status, body: body))
    return (try client([server.url("")]).schema(id), "http://127.0.0.1:\(server.port)")
  }

  @Test func aSchemaIsAskedForByItsNumber() throws {
    let server = try LoopbackReceiver(otherwise: .answer(status: 200, body: Self.body(Self.text)))
    #expect(try client([server.url("/apis/ccompat")]).schema(.number(.max)) == .found(.avro(Array(Self.text.utf8))))
    let request = try #require(server.requests.first)
    #expect(server.requests.count == 1)
    #expect(request.method == "GET" && request.path == "/apis/ccompat/schemas/ids/4294967295")
    #expect(
      request.header("Accept")
        == "application/vnd.schemaregistry.v1+json, application/vnd.schemaregistry+json, application/json")
    #expect(request.header("User-Agent") == "leeway/1.2.3")
    #expect(request.header("Authorization") == nil)
  }

  @Test(arguments: [
    (SchemaRegistryServer.Credentials.basic(username: "müller", password: "a:b"), "Basic bcO8bGxlcjphOmI="),
    (.bearer(token: "t0k"), "Bearer t0k"),
  ]) func whoAsksIsSaid(_ credentials: SchemaRegistryServer.Credentials, _ header: String) throws {
    let server = try LoopbackReceiver(otherwise: .answer(status: 200, body: Self.body(Self.text)))
    #expect(try client([server.url("")], credentials).schema(1) == .found(.avro(Array(Self.text.utf8))))
    #expect(server.requests.map { $0.header("Authorization") } == [header])
  }

  // MARK: Answers

  @Test(arguments: [",\"schemaType\":\"AVRO\"", ",\"schemaType\":null,\"references\":[]", ",\"id\":17,\"guid\":\"x\""])
  func whatElseAnAnswerHasIsPassedOver(_ more: String) throws {
    #expect(try answer(Self.body(Self.text, more)).0 == .found(.avro(Array(Self.text.utf8))))
  }

  @Test func anotherTypeIsUnusableForEver() throws {
    #expect(
      try answer(Self.body("{}", ",\"schemaType\":\"JSON\"")).0
        == .found(.unusable("is JSON and not AVRO or PROTOBUF"))
    )
    #expect(
      try answer(Self.body(String(repeating: "x", count: 1 << 20) + "y")).0
        == .found(.unusable("has 1048577 bytes; a schema takes at most 1048576")))
    let server = try LoopbackReceiver(otherwise: .endless())
    #expect(
      try client([server.url("")]).schema(17) == .found(.unusable("has more than 4194304 bytes")))
  }

  @Test func onlyTheRegistrysOwnWordSaysThatANumberIsUnknown() throws {
    #expect(try answer(status: 404, "{\"error_code\":40403,\"message\":\"Schema 17 not found\"}").0 == .unknown)
    // That a subject or its version is not there says nothing of an id.
    for body in [
      "", "<html>", "{}", "{\"error_code\":404}", "{\"error_code\":\"40403\"}", "[40403]", "{\"error_code\":40401}",
      "{\"error_code\":40402}",
    ] {
      let (answer, origin) = try answer(status: 404, body)
      #expect(
        answer == .away("GET \(origin): status 404 without error code 40403; check the path in schema_registry.urls"),
        "\(body)")
    }
  }

  @Test func aGUIDIsAskedForWhereTheRegistryKnowsSuch() throws {
    let guid = SchemaID.guid(high: 0x83ea_c45f_d224_4be7, low: 0x9667_7243_33ec_318d)
    let server = try LoopbackReceiver(otherwise: .answer(status: 200, body: Self.body(Self.text)))
    #expect(try client([server.url("")]).schema(guid) == .found(.avro(Array(Self.text.utf8))))
    #expect(server.requests.map(\.path) == ["/schemas/guids/83eac45f-d224-4be7-9667-724333ec318d"])
    let (answer, origin) = try answer(status: 404, "{\"error_code\":404,\"message\":\"HTTP 404 Not Found\"}", id: guid)
    #expect(
      answer
        == .away(
          "GET \(origin): status 404 without error code 40403; the registry may be too old to know GUIDs; or check the path in schema_registry.urls"
        ))
  }

  @Test(arguments: [
    (401, "", "status 401; check username and password, token, or certificate of schema_registry"),
    (403, "", "status 403; check username and password, token, or certificate of schema_registry"),
    (429, "", "status 429"), (500, "{\"error_code\":50001}", "status 500"), (503, "", "status 503"),
    (204, "", "status 204"),
    (200, "", "the answer is no JSON object; check schema_registry.urls"),
    (200, "<html>Log in</html>", "the answer is no JSON object; check schema_registry.urls"),
    (200, "[]", "the answer is no JSON object; check schema_registry.urls"),
    (200, "{}", "the answer has no schema; check schema_registry.urls"),
    (200, "{\"schema\":7}", "the answer has no schema; check schema_registry.urls"),
    (200, "{\"schema\":\"x\",\"schemaType\":7}", "the answer's schemaType is no text"),
  ]) func whatSaysNothingOfTheSchemaIsAskedAgain(_ status: Int, _ body: String, _ why: String) throws {
    let (answer, origin) = try answer(status: status, body)
    #expect(answer == .away("GET \(origin): \(why)"))
  }

  @Test func aServerThatNeverEndsItsAnswerIsGivenUp() throws {
    let server = try LoopbackReceiver(otherwise: .hang)
    let short = RequestLimits(connect: 20_000, total: 300, stall: 60_000, answerBytes: 1000)
    #expect(
      try client([server.url("")], limits: short).schema(1)
        == .away(
          "GET http://127.0.0.1:\(server.port): no complete answer within 300 ms (to connect: 20000 ms)"))
  }

  // MARK: References

  @Test func referencesAreWrittenOutByTheRegistry() throws {
    let whole = Self.text
    let server = try LoopbackReceiver { request, _ in
      request.path.hasSuffix("?format=resolved")
        ? .answer(
          status: 200, body: Self.body(whole, ",\"references\":[{\"name\":\"S\",\"subject\":\"s\",\"version\":1}]"))
        : .answer(
          status: 200,
          body: Self.body(
            "{\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"name\":\"x\",\"type\":\"S\"}]}",
            ",\"references\":[{\"name\":\"S\",\"subject\":\"s\",\"version\":1}]"))
    }
    #expect(try client([server.url("")]).schema(3) == .found(.avro(Array(whole.utf8))))
    #expect(server.requests.map(\.path) == ["/schemas/ids/3", "/schemas/ids/3?format=resolved"])
  }

  @Test func referencesThatStayAreSaid() throws {
    let (answer, _) = try answer(
      Self.body(
        "{\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"name\":\"x\",\"type\":\"S\"}]}",
        ",\"references\":[{\"name\":\"S\",\"subject\":\"s\",\"version\":1}]"))
    #expect(
      answer
        == .found(
          .unusable(
            "has references to other schemas, and the registry does not write them out (format=resolved); register it as one schema"
          )))
  }

  // MARK: Protobuf

  private static let descriptor: [UInt8] = [0x0A, 1, 0x61]
  private static let referred: [UInt8] = [0x0A, 1, 0x62]

  private static func protobuf(_ file: [UInt8], _ references: String = "") -> String {
    body(
      Data(file).base64EncodedString(),
      ",\"schemaType\":\"PROTOBUF\"" + (references.isEmpty ? "" : ",\"references\":[\(references)]"))
  }

  private static func reference(_ subject: String, _ version: Int) -> String {
    "{\"name\":\"x.proto\",\"subject\":\"\(subject)\",\"version\":\(version)}"
  }

  /// The files of a schema are put behind each other, what it refers to first and each once.
  @Test func protobufIsAskedForAsDescriptors() throws {
    let again = Self.reference("c", 1)
    let both = "\(Self.reference("a/b", 2)),\(again)"
    let server = try LoopbackReceiver { request, _ in
      guard request.path.hasSuffix("?format=serialized") else {
        return .answer(status: 200, body: Self.body("syntax = \"proto3\";", ",\"schemaType\":\"PROTOBUF\""))
      }
      if request.path.hasPrefix("/schemas/") {
        return .answer(status: 200, body: Self.protobuf(Self.descriptor, both))
      }
      return .answer(
        status: 200, body: Self.protobuf(Self.referred, request.path.hasPrefix("/subjects/a%2Fb") ? again : ""))
    }
    let set = ([Self.referred, Self.referred, Self.descriptor] as [[UInt8]]).flatMap { file -> [UInt8] in
      [0x0A, 3] + file
    }
    #expect(try client([server.url("")]).schema(9) == .found(.protobuf(set)))
    #expect(
      server.requests.map(\.path) == [
        "/schemas/ids/9", "/schemas/ids/9?format=serialized", "/subjects/a%2Fb/versions/2?format=serialized",
        "/subjects/c/versions/1?format=serialized",
      ])
  }

  @Test func aRegistryWithoutDescriptorsIsSaid() throws {
    let (answer, _) = try answer(Self.body("syntax = \"proto3\";", ",\"schemaType\":\"PROTOBUF\""))
    #expect(
      answer
        == .found(
          .unusable(
            "is PROTOBUF, and the registry does not write it as a descriptor (format=serialized); write schemas: {NUMBER: FILE.desc} in the monitor"
          )))
  }

  @Test(arguments: [40401, 40402, 40403]) func aReferenceThatIsNotThereIsAskedForAgain(_ code: Int) throws {
    let server = try LoopbackReceiver { request, _ in
      request.path.hasPrefix("/subjects/")
        ? .answer(status: 404, body: "{\"error_code\":\(code),\"message\":\"Not found.\"}")
        : .answer(
          status: 200, body: Self.protobuf(Self.descriptor, "{\"name\":\"x\",\"subject\":\"s\",\"version\":3}"))
    }
    #expect(
      try client([server.url("")]).schema(9)
        == .away("the schema registry does not have version 3 of the subject s, which the schema refers to"))
  }

  // MARK: Several addresses

  @Test func addressesAreTriedInOrderAndTheOneThatAnsweredFirstNextTime() throws {
    let bad = try LoopbackReceiver(otherwise: .answer(status: 503))
    let good = try LoopbackReceiver(otherwise: .answer(status: 200, body: Self.body(Self.text)))
    let unused = try LoopbackReceiver()
    let client = try client([bad.url(""), good.url(""), unused.url("")])
    for id in [1, 2, 3] as [SchemaID] { #expect(client.schema(id) == .found(.avro(Array(Self.text.utf8)))) }
    #expect(bad.requests.map(\.path) == ["/schemas/ids/1"])
    #expect(good.requests.map(\.path) == ["/schemas/ids/1", "/schemas/ids/2", "/schemas/ids/3"])
    #expect(unused.requests.isEmpty)
  }

  @Test func whereNoneAnswersAllReasonsAreSaid() throws {
    let bad = try LoopbackReceiver(otherwise: .answer(status: 500))
    let broken = try LoopbackReceiver(otherwise: .raw(Array("nonsense".utf8)))
    #expect(
      try client([bad.url("/p?x"), "http://127.0.0.1:1", broken.url("")]).schema(1)
        == .away(
          "GET http://127.0.0.1:\(bad.port): status 500; GET http://127.0.0.1:1: nothing accepts connections there; "
            + "GET http://127.0.0.1:\(broken.port): the answer is not HTTP"))
  }

  // MARK: TLS

  /// Against OpenSSL's own test server, which serves files and demands a certificate.
  @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/openssl")))
  func bothSidesShowTheirCertificates() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "leeway-registry-\(UUID().uuidString)")
    try FileManager.default.createDirectory(
      at: folder.appending(path: "schemas/ids"), withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try Data(Self.body(Self.text).utf8).write(to: folder.appending(path: "schemas/ids/17"))
    let key = folder.appending(path: "key.pem").path
    let certificate = folder.appending(path: "certificate.pem").path
    let made = try openssl(
      [
        "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1", "-subj",
        "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", key, "-out", certificate,
      ], in: folder)
    made.process.waitUntilExit()
    try #require(made.process.terminationStatus == 0)
    let server = try openssl(
      [
        "s_server", "-accept", "127.0.0.1:0", "-cert", certificate, "-key", key, "-WWW", "-Verify", "1", "-CAfile",
        certificate, "-verify_return_error",
      ], in: folder)
    defer {
      kill(server.process.processIdentifier, SIGKILL)
      server.process.waitUntilExit()
    }
    var said = ""
    while !said.contains(/ACCEPT \S+:\d+\n/) {
      let more = server.output.availableData
      try #require(!more.isEmpty, "openssl s_server ended: \(said)")
      said += String(decoding: more, as: UTF8.self)
    }
    let port = try #require(said.firstMatch(of: /ACCEPT \S+:(\d+)\n/)?.output.1)
    let url = "https://127.0.0.1:\(port)"
    func isAway(_ trust: HTTPTrust) throws -> Bool {
      if case .away(let why) = try client([url], tls: trust).schema(17) { why.hasPrefix("GET \(url): ") } else { false }
    }
    #expect(try isAway(HTTPTrust(certificate: certificate, key: key)), "an authority that is not in ca_file")
    #expect(try isAway(HTTPTrust(authorities: certificate)), "a client without a certificate")
    #expect(
      try client([url], tls: HTTPTrust(authorities: certificate, certificate: certificate, key: key)).schema(17)
        == .found(.avro(Array(Self.text.utf8))))
  }

  private func openssl(_ arguments: [String], in folder: URL) throws -> (process: Process, output: FileHandle) {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/openssl")
    process.arguments = arguments
    process.currentDirectoryURL = folder
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = FileHandle.nullDevice
    process.standardInput = FileHandle.nullDevice
    try process.run()
    return (process, pipe.fileHandleForReading)
  }
}
