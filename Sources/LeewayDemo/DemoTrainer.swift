import LeewayConfiguration
import LeewayCore
import LeewayDelivery
import LeewayService
import ServiceLifecycle

/// Answers calls to retrain: a few seconds of work, a better model, and a word to the service at the callback's address.
struct DemoTrainer: Service {
  let calls: RetrainCalls
  let stage: DemoStage
  let story: DemoStory

  private static let trainingTime = 4000

  func run() async throws {
    let abort = AbortFlag()
    try await withGracefulShutdownHandler {
      try await withDedicatedThread("demo-trainer") { stop in
        let sender: HTTPRequestSender
        do { sender = try HTTPRequestSender(version: ServiceVersion.text, abort: abort) } catch {
          throw EnvironmentProblem("the demo's trainer does not start: \(error)")
        }
        var seen: Set<String> = []
        while !stop.isRaised {
          // The same call may come twice: delivery is at least once.
          if let call = calls.next(), seen.insert(call.retrain).inserted {
            train(call, sender, stop)
          } else {
            WallClock.pause(milliseconds: 100, unless: stop)
          }
        }
      }
    } onGracefulShutdown: {
      abort.raise()
    }
  }

  private func train(_ call: RetrainCalls.Call, _ sender: HTTPRequestSender, _ stop: StopFlag) {
    story.tell("trainer", "RETRAIN \(call.retrain): training v2 on the latest labels.")
    var world = OrderWorld(seed: 3)
    let auc = world.auc(of: .v2, rule: .roadsClosed, orders: 1500)
    WallClock.pause(milliseconds: Self.trainingTime, unless: stop)
    guard !stop.isRaised else { return }
    var json = JSONWriter()
    json.beginObject()
    for (name, text) in [("status", "succeeded"), ("model_version", OrderWorld.Model.v2.rawValue)] {
      json.key(name)
      json.string(text)
    }
    json.key("metrics")
    json.beginObject()
    json.key("auc")
    json.number((auc * 1000).rounded() / 1000)
    json.endObject()
    json.endObject()
    let result = sender.send(
      HTTPRequest(
        url: call.callbackURL,
        headers: [
          HTTPHeader("Content-Type", "application/json"), HTTPHeader("Authorization", "Bearer \(call.callbackToken)"),
        ], body: json.bytes))
    switch result {
    case .success(let answer) where answer.status == 200:
      story.tell(
        "trainer", "RETRAIN \(call.retrain): done, and said so at its callback_url (answered 200).", body: json.text)
      stage.deploy(.v2)
    case .success(let answer):
      story.tell(
        "trainer", "the service did not take the answer (\(answer.status)); version v1 stays.",
        body: String(decoding: answer.bodyPrefix, as: UTF8.self))
    case .failure(let failure):
      story.tell("trainer", "the service could not be told: \(failure.text); version v1 stays.")
    }
  }
}
