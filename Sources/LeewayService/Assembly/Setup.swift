import LeewayConfiguration
import LeewayCore
import LeewayDelivery
import LeewayWeb

/// Everything that a reload may change, checked and made ready: replaced as a whole, never in part.
struct Setup: Sendable {
  let configuration: ServiceConfiguration
  /// Ordered as the monitors' files.
  let plans: [MonitorPlan]
  /// Ordered by name; `log` is always there.
  let receivers: [Receiver]
  let tokens: AccessTokens?
  /// What the listener shows; nil: no TLS.
  var tls: TLSIdentity?

  /// - Throws: `InputProblem` that names the key or the file.
  init(configuration: ServiceConfiguration, plans: [MonitorPlan]) throws {
    self.configuration = configuration
    self.plans = plans
    receivers = configuration.receivers.values.sorted { utf8Order($0.name, $1.name) }
    tokens = try Self.tokens(configuration)
    do throws(TLSIdentity.Failure) { tls = try configuration.http.tls.map(TLSIdentity.init(reading:)) } catch {
      throw InputProblem(error.description)
    }
  }

  /// What deciding needs to know of it.
  func decisions() -> DecisionContext {
    DecisionContext(
      receivers: Set(receivers.map(\.name)), publicURL: configuration.http.publicURL,
      groupIntervals: configuration.receivers.compactMapValues(\.groupInterval))
  }

  /// What maintenance holds back; nil: there is none.
  func maintenance() -> DeliveryGate.Maintenance? {
    let windows = configuration.maintenance
    guard !windows.isEmpty else { return nil }
    return { monitor, key, end in
      windows.first { $0.matchers.matches(monitor: monitor, key) && $0.holds(end) }?.title
    }
  }

  private static func tokens(_ configuration: ServiceConfiguration) throws -> AccessTokens? {
    guard let path = configuration.http.tokensFile else { return nil }
    do { return try AccessTokens(reading: path) } catch { throw InputProblem(error.description) }
  }
}

extension SetupChange {
  init(from before: Setup, to after: Setup) {
    self.init()
    for plan in after.plans {
      let name = plan.monitor.name
      guard let known = before.plans.first(where: { $0.monitor.name == name }) else {
        added.append(name)
        continue
      }
      if known.definition != plan.definition {
        restarted.append(name)
      } else if known.monitor != plan.monitor {
        adjusted.append(name)
      } else {
        unchanged.append(name)
      }
    }
    removed = before.plans.map(\.monitor.name).filter { name in !after.plans.contains { $0.monitor.name == name } }
    for list in [\SetupChange.added, \.removed, \.restarted, \.adjusted, \.unchanged] {
      self[keyPath: list].sort(by: utf8Order)
    }
  }
}
