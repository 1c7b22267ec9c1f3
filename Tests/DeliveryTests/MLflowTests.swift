import LeewayTestSupport
import Testing

@testable import LeewayCore
@testable import LeewayDelivery

/// How a model registry is told which version is in force.
@Suite struct MLflowTests {
  private func receiver(_ values: [String: String]) throws(Receiver.Invalid) -> any DeliveryFormat {
    try ReceiverType.mlflow.makeFormat(values.merging(["url": "http://mlflow:5000/prefix/"]) { given, _ in given })
  }

  private func promotion(version: String?) -> Delivery {
    let version = version.map { "\"\($0)\"" } ?? "null"
    let body =
      #"{"version":1,"event":"model.promote","incident":"fraud-1","monitor":"fraud","tier":"critical","reason":"drift","model_version":\#(version),"retrain":"rt-1","approved_by":["alice"]}"#
    return Delivery(key: "fraud-1/rt-1-promote/registry", notification: Array(body.utf8))
  }

  @Test func aPromotionMovesTheAlias() throws {
    let format = try receiver(["auth": "me:secret"])
    guard case .request(let request) = try format.render(promotion(version: "7"), now: 0) else {
      Issue.record("it is no request")
      return
    }
    #expect(request.url == "http://mlflow:5000/prefix/api/2.0/mlflow/registered-models/alias")
    #expect(String(decoding: request.body, as: UTF8.self) == #"{"name":"fraud","alias":"champion","version":"7"}"#)
    #expect(request.headers.contains(HTTPHeader("Authorization", "Basic bWU6c2VjcmV0")))
    #expect(request.headers.contains(HTTPHeader("Content-Type", "application/json")))
    let named = try receiver(["model": "risk/{monitor}", "alias": "live", "token": "t"])
    guard case .request(let request) = try named.render(promotion(version: "7"), now: 0) else {
      Issue.record("it is no request")
      return
    }
    #expect(String(decoding: request.body, as: UTF8.self) == #"{"name":"risk/fraud","alias":"live","version":"7"}"#)
    #expect(request.headers.contains(HTTPHeader("Authorization", "Bearer t")))
  }

  @Test func whatIsNoVersionOfTheRegistryIsADeadLetter() throws {
    let format = try receiver([:])
    #expect(
      throws: UnreadableNotification(
        problem: "names no model_version; the trainer's answer must give the version's number in the registry")
    ) { try format.render(promotion(version: nil), now: 0) }
    #expect(
      throws: UnreadableNotification(
        problem:
          "has the model_version v7, and a version of MLflow's registry is a number such as 3; let the trainer answer with that"
      )
    ) { try format.render(promotion(version: "v7"), now: 0) }
  }

  @Test(arguments: ["incident.opened", "model.fall_back", "model.restore"]) func itIsToldOfNothingElse(_ event: String)
    throws
  {
    let body = #"{"version":1,"event":"\#(event)","incident":"fraud-1","monitor":"fraud","tier":"critical"}"#
    let delivery = Delivery(key: "k", notification: Array(body.utf8))
    #expect(try receiver([:]).render(delivery, now: 0) == .nothing)
  }

  @Test(arguments: ["latest", "v3", "V12", "", "a b", "ä"]) func aliasesThatMLflowRefuses(_ alias: String) throws {
    #expect(
      throws: Receiver.Invalid(
        key: "alias",
        problem:
          "takes letters, digits, hyphens and underscores, and neither latest nor v with a number, which MLflow keeps for itself"
      )
    ) { _ = try receiver(["alias": alias]) }
  }
}
