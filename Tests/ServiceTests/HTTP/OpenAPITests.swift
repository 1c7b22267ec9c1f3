import LeewayCore
import Testing

@testable import LeewayService
@testable import LeewayWeb

/// The description of the API agrees with the code.
@Suite struct OpenAPITests {
  @Test func theDocumentNamesEveryRouteAndNoOther() throws {
    let service = try MadeUpService.filled()
    let document = try JSONValue(parsing: Array(OpenAPIDocument.json.utf8))
    guard case .object(let paths)? = document["paths"] else {
      Issue.record("paths is no object")
      return
    }
    var described: Set<String> = []
    for path in paths {
      guard case .object(let methods) = path.value else { continue }
      for method in methods { described.insert("\(method.key.uppercased()) \(path.key)") }
    }
    let pages = Set(PageFile.all.map(\.path) + PageEndpoints.routes)
    let routes = HTTPService.endpoints(view: service.view(), limits: HTTPLimits())
      .filter { !pages.contains($0.path) }.map { "\($0.method.rawValue) \($0.path)" }
    #expect(Set(routes) == described)
    #expect(routes.count == described.count)
    // Every reference leads somewhere.
    for part in OpenAPIDocument.json.split(separator: "\"#/").dropFirst() {
      let way = part.prefix { $0 != "\"" }.split(separator: "/").map(String.init)
      #expect(way.reduce(document as JSONValue?) { $0?[$1] } != nil, "\(way.joined(separator: "/"))")
    }
  }

  /// The lists of values that stand in the description, each where it is used.
  @Test func theDocumentListsTheValuesThatThereAre() throws {
    let document = try JSONValue(parsing: Array(OpenAPIDocument.json.utf8))
    func values(_ path: String) -> Set<String> {
      let place = path.split(separator: ".").map(String.init).reduce(document["components"]?["schemas"]) { $0?[$1] }
      return Set((place?["enum"]?.elements ?? []).compactMap(\.text))
    }
    #expect(values("Tier") == Set(Tier.allCases.map(\.name)))
    #expect(values("CauseGroup") == Set(CauseGroup.allCases.map(\.rawValue)))
    #expect(values("Stage") == Set(Stage.allCases.map(\.rawValue)))
    #expect(values("Why") == Set(Shortfall.Reason.allCases.map(\.rawValue)))
    #expect(values("Incident.properties.state") == Set(IncidentState.allCases.map(\.rawValue)))
    #expect(values("RetrainState") == Set(RetrainState.allCases.map(\.rawValue)))
    #expect(values("Delivery.properties.state") == Set(DeliveryState.allCases.map(\.rawValue)))
    #expect(values("Silence.properties.state") == Set(SilenceState.allCases.map(\.rawValue)))
    #expect(values("Act.properties.act") == Set(PersonAct.kinds))
    #expect(values("Act.properties.state") == Set(ActState.allCases.map(\.rawValue)))
    #expect(values("Incident.properties.people.properties.reason") == Set(PersonAct.Reason.allCases.map(\.rawValue)))
    let body = document["paths"]?["/api/v1/incidents/{incident}/resolve"]?["post"]?["requestBody"]?["content"]
    let reasons = body?["application/json"]?["schema"]?["properties"]?["reason"]?["enum"]?.elements.compactMap(\.text)
    #expect(reasons == PersonAct.Reason.allCases.map(\.rawValue))
    #expect(values("Metric.properties.family") == Set(Metric.all.map(\.family.name)))
    #expect(values("Metric.properties.direction") == Set(Metric.all.map(\.direction.name)))
    #expect(values("Metric.properties.unit") == Set(MetricUnit.allCases.map(\.rawValue)))
  }

  @Test func theDocumentNamesTheQueriesThatThereAre() throws {
    let document = try JSONValue(parsing: Array(OpenAPIDocument.json.utf8))
    func schema(_ path: String, _ parameter: String) -> JSONValue? {
      document["paths"]?[path]?["get"]?["parameters"]?.elements
        .first { $0["name"]?.text == parameter }?["schema"]
    }
    let types = schema("/api/v1/results", "type")?["enum"]?.elements.compactMap(\.text) ?? []
    #expect(Set(types) == Set(ResultType.allCases.map(\.rawValue)))
    let states = schema("/api/v1/deliveries", "state")?["enum"]?.elements.compactMap(\.text) ?? []
    #expect(Set(states) == Set(DeliveryState.allCases.map(\.rawValue)))
    let silences = schema("/api/v1/silences", "state")?["enum"]?.elements.compactMap(\.text) ?? []
    #expect(Set(silences) == Set(SilenceState.allCases.map(\.rawValue)))
    for path in ["incidents", "retrains", "silences", "deliveries", "quarantine", "audit"] {
      let limit = schema("/api/v1/\(path)", "limit")
      #expect(limit?["maximum"] == .integer(Int64(DecisionEndpoints.maximumLimit)), "\(path)")
      #expect(limit?["default"] == .integer(Int64(DecisionEndpoints.defaultLimit)), "\(path)")
    }
    let limit = schema("/api/v1/results", "limit")
    #expect(limit?["maximum"] == .integer(Int64(ResultEndpoints.maximumLimit)))
    #expect(limit?["default"] == .integer(Int64(ResultEndpoints.defaultLimit)))
  }
}
