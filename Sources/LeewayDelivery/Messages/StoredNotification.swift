import Foundation

/// The stored JSON as formats for people read it. Only what they show: the callback's token is left unread, so it cannot
/// be shown.
struct StoredNotification: Decodable {
  var version: Int
  /// `incident.opened` and so on, one for each transition; `retrain.requested`; or one that is yet to come.
  var event: String
  var incident: String
  var monitor: String
  var tier: String
  /// `incident.spread`: the highest tier of the incident, where `tier` is that of what is new.
  var highest: String?
  /// RFC 3339, as all times here.
  var at: String?
  var openedAt: String?
  var modelVersion: String?
  /// The cause group: `data`, `drift`, `concept`, `performance/early`, `performance/final`.
  var reason: String?
  /// What is to be done where that is not to retrain.
  var advice: String?
  /// For a retrain that a guard holds back: why.
  var held: String?
  /// For one that was let go: since when it had been held.
  var heldSince: String?
  /// The early incident that a final one is the same trouble as.
  var early: String?
  /// Why nothing can judge the incident any more, or a person's reason to end it.
  var because: String?
  /// The person who acknowledged or resolved it, and what they wrote.
  var by: String?
  var note: String?
  /// `delivery.failed`: who could not be reached, and with what event.
  var receiver: String?
  var message: String?
  var evidence: [Evidence]?
  /// `incident.spread`: what is new, a subject of a check once, whatever slices it is in.
  var spread: [Spread]?
  var window: Window?
  var baseline: String?
  var url: String?
  var retrain: String?
  var deadline: String?
  /// The trainer's answer, where the event is about it.
  var evaluation: Evaluation?
  /// `model.promote`: who has approved.
  var approvedBy: [String]?
  /// Messages that a silence kept from the receiver until now, oldest first.
  var heldBack: [HeldBack]?

  struct HeldBack: Decodable {
    var event: String?
    var tier: String?
    var at: String?
    var because: String?
    var held: String?
    var retrain: String?
    var by: String?
    var note: String?
  }

  /// What a trainer has said of its model, and how that compares with the scorecard.
  struct Evaluation: Decodable {
    var modelVersion: String?
    var metrics: [String: Double]?
    var scorecard: [Line]?

    struct Line: Decodable {
      var metric: String?
      var atLeast: Double?
      var atMost: Double?
      var value: Double?
      var champion: Double?
      var passes: Bool?

      enum CodingKeys: String, CodingKey {
        case metric, value, champion, passes
        case atLeast = "at_least"
        case atMost = "at_most"
      }
    }

    enum CodingKeys: String, CodingKey {
      case metrics, scorecard
      case modelVersion = "model_version"
    }
  }

  /// One check that fired.
  struct Evidence: Decodable {
    var check: String?
    var slice: String?
    var subject: String?
    var metric: String?
    var tier: String?
    var value: Double?
    var threshold: Double?
    var qValue: Double?
    var window: String?
    var end: String?
    var rows: Int64?
    var worstSlice: String?
    var worstValue: Double?
    /// No slice is significantly worse than the rest.
    var slicesAlike: Bool?
    /// `slices_alike`: slices that are not among them, as they have too few rows.
    var slicesLeftOut: Int?
    /// What has shifted: see `Evidence.shiftSentence`.
    var stream: String?
    var category: String?
    var size: Double?
    var was: Double?
    var now: Double?
    var since: String?
    var looksLike: LooksLike?

    enum CodingKeys: String, CodingKey {
      case check, slice, subject, metric, tier, value, threshold, window, end, rows
      case stream, category, size, was, now, since
      case qValue = "q_value"
      case worstSlice = "worst_slice"
      case worstValue = "worst_value"
      case slicesAlike = "slices_alike"
      case slicesLeftOut = "slices_left_out"
      case looksLike = "looks_like"
    }
  }

  /// A fault of the feed that a shift looks like: see `Evidence.likeness`.
  struct LooksLike: Decodable {
    var kind: String
    var factor: Double?
    var offset: Double?
    var value: String?
    var from: [String]?
    var categories: Int64?
    var to: String?
    var was: Double?
    var now: Double?
  }

  /// What is new of a subject in an open incident.
  struct Spread: Decodable {
    var check: String?
    var subject: String?
    var tier: String?
    var slices: Int64?
    var of: Int64?
    var names: [String]?
  }

  struct Window: Decodable {
    var start: String?
    var end: String?
  }

  enum CodingKeys: String, CodingKey {
    case version, event, incident, monitor, tier, highest, at, reason, advice, held, early, because, by, note
    case evidence, spread, window, baseline, url, retrain, deadline, receiver, message, evaluation
    case approvedBy = "approved_by"
    case heldBack = "held_back"
    case heldSince = "held_since"
    case openedAt = "opened_at"
    case modelVersion = "model_version"
  }

  static func read(_ bytes: [UInt8]) throws(UnreadableNotification) -> StoredNotification {
    let stored: StoredNotification
    do {
      stored = try JSONDecoder().decode(StoredNotification.self, from: Data(bytes))
    } catch {
      throw UnreadableNotification(problem: UnreadableNotification.place(error))
    }
    guard stored.version == 1 else {
      throw UnreadableNotification(problem: "has version \(stored.version), and this release reads 1")
    }
    return stored
  }
}

/// A stored notification that a format cannot read: written by another release, or damaged. Names the place, never the
/// value, which may be a secret.
package struct UnreadableNotification: Error, Equatable, CustomStringConvertible {
  package let problem: String

  package var description: String { "the stored notification \(problem)" }

  fileprivate static func place(_ error: any Error) -> String {
    func path(_ keys: [any CodingKey]) -> String {
      keys.map { $0.intValue.map { "[\($0)]" } ?? ".\($0.stringValue)" }.joined().drop { $0 == "." }.description
    }
    switch error as? DecodingError {
    case .keyNotFound(let key, let context): return "lacks \(path(context.codingPath + [key]))"
    case .typeMismatch(_, let context): return "has the wrong type at \(path(context.codingPath))"
    case .valueNotFound(_, let context): return "has null at \(path(context.codingPath))"
    default: return "is not JSON"
    }
  }
}
