import LeewayConfiguration
import LeewayCore
import LeewayWeb
import Logging
import ServiceLifecycle

/// Shows a renewed certificate without being told to: ACME clients and cert-manager only replace the files.
struct CertificateWatch: Service {
  let live: LiveSetup
  let metrics: ServiceMetrics
  let logger: Logger

  private static let every = 5000

  func run() async throws {
    try await withDedicatedThread("leeway-certificate") { stop in
      var failure: TLSIdentity.Failure?
      var warned: String?
      while !stop.isRaised {
        failure = look(before: failure)
        if let (files, identity) = live.identity {
          metrics.set(certificateExpiry: identity.notAfter)
          let warning = identity.warning(files.certificate, now: WallClock.now())
          if let warning, warning != warned { logger.warning("http.tls.certificate: \(warning)") }
          warned = warning
        }
        WallClock.pause(milliseconds: Self.every, unless: stop)
      }
    }
  }

  /// Puts the files in force if they have changed. While one of them is gone, is half written or does not fit the other, what was there
  /// before stays in force, and that is said once.
  func look(before: TLSIdentity.Failure?) -> TLSIdentity.Failure? {
    guard let (files, identity) = live.identity, identity.isOther(than: files) else { return nil }
    do throws(TLSIdentity.Failure) {
      let renewed = try TLSIdentity(reading: files)
      live.renew(renewed, of: files)
      logger.notice(
        "\(files.certificate) was renewed: serial \(renewed.serial), valid until \(renewed.notAfter); new connections get it"
      )
      return nil
    } catch {
      if error != before { logger.error("\(error); the certificate from before stays in force") }
      return error
    }
  }
}
