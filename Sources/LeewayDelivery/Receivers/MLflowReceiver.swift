import Foundation
import LeewayCore

extension ReceiverType {
  /// `mlflow`: puts a model in force by moving an alias of the model registry.
  package static let mlflow = ReceiverType(
    name: "mlflow", keys: MLflowFormat.keys, takesMessages: false, modelCalls: [.promotion]
  ) { values throws(Receiver.Invalid) in
    if values["token"] != nil, values["auth"] != nil {
      throw Receiver.Invalid(key: "auth", problem: "is for a user with a password, and token for a token; remove one")
    }
    let alias = values["alias"] ?? MLflowFormat.usualAlias
    guard MLflowFormat.isAlias(alias) else {
      throw Receiver.Invalid(
        key: "alias",
        problem:
          "takes letters, digits, hyphens and underscores, and neither latest nor v with a number, which MLflow keeps for itself"
      )
    }
    return MLflowFormat(
      base: try ReceiverKey.base(in: values), model: values["model"] ?? "{monitor}", alias: alias,
      token: try ReceiverKey.targetToken.token(in: values), auth: values["auth"])
  }
}

/// `POST registered-models/alias`, which is idempotent. The version is what the trainer has named as `model_version`: the number of a
/// version in the registry. Source: MLflow 3.17, REST API 2.0.
struct MLflowFormat: DeliveryFormat {
  let base: String
  /// `{monitor}` stands for the monitor's name.
  let model: String
  let alias: String
  let token: String?
  let auth: String?

  static let usualAlias = "champion"
  static let keys: [ReceiverKey] = [
    ReceiverKey(
      name: "url", help: "the tracking server's address", example: "url: \"http://mlflow:5000\"", isRequired: true),
    ReceiverKey(
      name: "model", help: "name of the registered model; `{monitor}` stands for the monitor's",
      example: "model: fraud",
      standard: "{monitor}"),
    ReceiverKey(
      name: "alias", help: "the alias that names the version in force", example: "alias: champion",
      standard: usualAlias),
    .targetToken,
    ReceiverKey(
      name: "auth", help: "user and password, as `USER:PASSWORD`", example: "auth: \"${NAME}\"", isSecret: true),
  ]

  static func isAlias(_ text: String) -> Bool {
    let isPlain = text.utf8.allSatisfy {
      (0x30...0x39).contains($0) || (0x61...0x7A).contains($0 | 0x20) || $0 == 0x2D || $0 == 0x5F
    }
    let number = text.utf8.first.map { $0 | 0x20 == 0x76 } == true ? text.dropFirst() : ""
    return isPlain && (1...250).contains(text.utf8.count) && text != "latest"
      && (number.isEmpty || !number.utf8.allSatisfy { (0x30...0x39).contains($0) })
  }

  func render(_ delivery: Delivery, now: Int64) throws(UnreadableNotification) -> RenderedDelivery {
    let stored = try StoredNotification.read(delivery.notification)
    guard stored.event == "model.promote" else { return .nothing }
    guard let version = stored.modelVersion else {
      throw UnreadableNotification(
        problem: "names no model_version; the trainer's answer must give the version's number in the registry")
    }
    // Where a registry of MLflow counts, a name such as v3 is a tag of another system.
    guard Int64(version).map({ $0 > 0 }) == true else {
      throw UnreadableNotification(
        problem:
          "has the model_version \(version.onOneLine(limit: 60)), and a version of MLflow's registry is a number such as 3; "
          + "let the trainer answer with that")
    }
    var json = JSONWriter(capacity: 256)
    json.beginObject()
    json.member("name", model.replacing("{monitor}", with: stored.monitor))
    json.member("alias", alias)
    json.member("version", version)
    json.endObject()
    var request = HTTPRequest(
      json: json.bytes, to: "\(base)/api/2.0/mlflow/registered-models/alias", key: delivery.key,
      limits: RequestLimits())
    if let auth {
      request.headers.append(HTTPHeader("Authorization", "Basic \(Data(auth.utf8).base64EncodedString())"))
    } else {
      request.headers += .bearer(token)
    }
    return .request(request)
  }
}
