import Foundation
import HTTPTypes
import Hummingbird
import LeewayCore
import LeewayDelivery
import LeewayLocks
import LeewayService
import Logging

/// Stands for the chat, the pager and the trainer's front door: takes every request, checks its signature as a receiver
/// should, and prints it.
struct DemoReceiver: Sendable {
  let port: Int
  /// What webhooks are signed with.
  let secret: String
  let story: DemoStory
  let stage: DemoStage
  /// Calls to retrain whose signature holds.
  let calls: RetrainCalls
  let logger: Logger

  private static let bodyLimit = 1 << 20
  /// Older signatures could be somebody's recording.
  private static let patience: Int64 = 300

  func application() -> some ApplicationProtocol {
    let router = Router()
    router.post("{receiver}") { request, context in
      let bytes = try await request.body.collect(upTo: Self.bodyLimit)
      return take(request, path: "/\(context.parameters.get("receiver") ?? "")", body: Array(bytes.readableBytesView))
    }
    // A connection that is cut off when the demo ends is an error only to the server.
    var quiet = logger
    quiet.logLevel = .critical
    return Application(
      router: router, configuration: ApplicationConfiguration(address: .hostname("127.0.0.1", port: port)),
      logger: quiet)
  }

  private func take(_ request: Request, path: String, body: [UInt8]) -> HTTPResponse.Status {
    let signature = signature(of: request, body)
    let text = String(decoding: body, as: UTF8.self).split(whereSeparator: \.isNewline).joined(separator: " ")
    let key = HTTPField.Name("Idempotency-Key").flatMap { request.headers[$0] } ?? "none"
    story.tell(
      "request", "POST \(path)  \(Headline(body))",
      detail: "Idempotency-Key: \(key)  signature: \(signature.rawValue)", body: text)
    if path == "/chat" { stage.warn() }
    if path == "/retrain", signature == .verified, let call = RetrainCalls.Call(body) { calls.add(call) }
    return signature == .wrong ? .unauthorized : .ok
  }

  private enum Signature: String { case verified, wrong, none }

  private func signature(of request: Request, _ body: [UInt8]) -> Signature {
    guard let timestampName = HTTPField.Name("X-Leeway-Timestamp"), let name = HTTPField.Name("X-Leeway-Signature"),
      let given = request.headers[name]
    else { return .none }
    guard let timestamp = request.headers[timestampName].flatMap(Int64.init),
      case let (milliseconds, overflow) = timestamp.multipliedReportingOverflow(by: 1000), !overflow,
      abs(Double(timestamp) - WallClock.now().seconds) <= Double(Self.patience)
    else { return .wrong }
    let expected = "v1=" + WebhookSignature(of: body, secret: secret, now: milliseconds).digest
    // Every byte is looked at, so that the time taken says nothing of where a guess goes wrong.
    guard given.utf8.count == expected.utf8.count else { return .wrong }
    let difference = zip(given.utf8, expected.utf8).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) }
    return difference == 0 ? .verified : .wrong
  }
}

/// What a notification is about, in a few words for the terminal: the tier, what happened, and the first reason.
private struct Headline: CustomStringConvertible {
  let description: String

  /// The members that are read of a webhook's body, and of a chat message.
  private struct Body: Decodable {
    struct Evidence: Decodable {
      var check: String?
      var subject: String?
      var metric: String?
      var value: Double?
      var threshold: Double?
      var window: String?
    }

    struct Block: Decodable {
      struct Text: Decodable { var text: String? }
      var text: Text?
    }

    var event: String?
    var monitor: String?
    var tier: String?
    var evidence: [Evidence]?
    var text: String?
    var blocks: [Block]?
  }

  init(_ bytes: [UInt8]) {
    guard let body = try? JSONDecoder().decode(Body.self, from: Data(bytes)) else {
      description = "not JSON"
      return
    }
    let words = body.event.map { Self.words(ofWebhook: body, event: $0) } ?? Self.words(ofChat: body)
    // It came over a socket: nothing in it may move the terminal's cursor.
    description = words.filter { !$0.unicodeScalars.contains { $0.value < 0x20 || $0.value == 0x7F } }
  }

  private static func words(ofWebhook body: Body, event: String) -> String {
    let capital =
      event == "retrain.requested"
      ? "RETRAIN" : event == "incident.resolved" ? "RESOLVED" : (body.tier ?? "").uppercased()
    var words = "\(capital)  \(event): \(body.monitor ?? "")"
    if let first = body.evidence?.first, let value = first.value, let threshold = first.threshold {
      words += ": \(first.metric ?? "") of \(first.subject ?? "") is \((value * 1000).rounded() / 1000), "
      words += "limit \(threshold) (\(first.check ?? ""), \(first.window ?? ""))"
    }
    return words
  }

  private static func words(ofChat body: Body) -> String {
    let text = body.text ?? ""
    let tier = ["critical", "warning", "info"].first { text.contains("(\($0),") } ?? ""
    let capital = text.hasPrefix("Incident resolved") ? "RESOLVED" : tier.uppercased()
    let reason = body.blocks?.lazy.compactMap { $0.text?.text }.first { $0.contains("•") }?
      .split(separator: "•").dropFirst().first.map { ": " + $0.drop(while: \.isWhitespace) }
    let title = text.prefix { $0 != "(" }.split(separator: " ").joined(separator: " ")
    return "\(capital)  \(title)\(reason ?? "")"
  }
}

/// Calls to retrain on their way from the receiver to the trainer.
final class RetrainCalls: Sendable {
  /// What the trainer needs of a call.
  struct Call: Sendable, Decodable {
    var retrain: String
    var callbackURL: String
    var callbackToken: String

    enum CodingKeys: String, CodingKey {
      case retrain
      case callbackURL = "callback_url"
      case callbackToken = "callback_token"
    }

    init?(_ body: [UInt8]) {
      guard let call = try? JSONDecoder().decode(Call.self, from: Data(body)) else { return nil }
      self = call
    }
  }

  private let waiting = Mutex<[Call]>([])
  private static let limit = 16

  /// Calls beyond the limit are dropped.
  func add(_ call: Call) { waiting.withLock { if $0.count < Self.limit { $0.append(call) } } }
  func next() -> Call? { waiting.withLock { $0.isEmpty ? nil : $0.removeFirst() } }
}
