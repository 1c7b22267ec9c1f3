/// What kind of receiver: its `type` in the configuration, the keys that it takes there, and how it is spoken to.
///
/// Each is a file: `extension ReceiverType { static let slack = … }`. ``all`` is the one list of them.
package struct ReceiverType: Sendable {
  /// The `type` of the configuration.
  package let name: String
  /// In the order in which errors and the documents name them.
  package let keys: [ReceiverKey]
  /// Whether it can be the receiver `retrain`, which is called and does not only hear.
  package let callsTrainers: Bool
  /// Whether it can be any other receiver. One that cannot is only ever called to retrain.
  package let takesMessages: Bool
  /// What it can be called for that changes the model in force.
  package let modelCalls: Set<ModelChange>
  /// Whether it keeps alerts open until it hears that they have ended.
  package let keepsAlerts: Bool
  /// Given the values of its keys, of which the required ones are there.
  let makeFormat: @Sendable ([String: String]) throws(Receiver.Invalid) -> any DeliveryFormat

  init(
    name: String, keys: [ReceiverKey], callsTrainers: Bool = false, takesMessages: Bool = true,
    modelCalls: Set<ModelChange> = [], keepsAlerts: Bool = false,
    makeFormat: @escaping @Sendable ([String: String]) throws(Receiver.Invalid) -> any DeliveryFormat
  ) {
    self.name = name
    self.keys = keys
    self.callsTrainers = callsTrainers
    self.takesMessages = takesMessages
    self.modelCalls = modelCalls
    self.keepsAlerts = keepsAlerts
    self.makeFormat = makeFormat
  }

  /// A change of the model in force.
  package enum ModelChange: Sendable, CaseIterable {
    /// A new version goes into production.
    case promotion
    /// The version before, or rules, answer while an incident is critical.
    case fallingBack
  }

  package static let all: [ReceiverType] = [
    .log, .webhook, .slack, .teams, .email, .pagerduty, .alertmanager, .template, .airflow, .argoWorkflows, .kubeflow,
    .prefect, .github, .gitlab, .sagemaker, .vertex, .mlflow,
  ]
}
