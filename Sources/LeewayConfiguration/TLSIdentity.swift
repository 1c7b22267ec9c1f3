package import LeewayCore
package import NIOSSL

/// The certificate that the listener shows, with its key: read, checked against each other, and ready for connections.
package struct TLSIdentity: Sendable {
  package let context: NIOSSLContext
  /// For the listener's own certificate, in hexadecimal digits.
  package let serial: String
  let notBefore: EventTime
  package let notAfter: EventTime
  /// For both files, to see whether they have changed.
  let digest: SHA256.Digest

  /// Why a file cannot be used.
  package struct Failure: Error, Sendable, Equatable, CustomStringConvertible {
    /// `certificate` or `key`, as in `http.tls`.
    let name: String
    /// The file, what is wrong with it, and the fix.
    let problem: String

    package var description: String { "http.tls.\(name): \(problem)" }
  }

  /// Reads both files. The certificate's has the listener's own certificate first and then those that lead to a root, in PEM, as
  /// ACME clients and cert-manager write them.
  package init(reading files: ServiceConfiguration.HTTP.TLS) throws(Failure) {
    let certificate = try Self.bytes(files.certificate, "certificate")
    let key = try Self.bytes(files.key, "key")
    guard let chain = try? NIOSSLCertificate.fromPEMBytes(certificate), let own = chain.first else {
      throw Failure(
        name: "certificate",
        problem: "\(files.certificate): holds no certificate in PEM (BEGIN CERTIFICATE); name the file that does")
    }
    guard !String(decoding: key, as: UTF8.self).contains("ENCRYPTED") else {
      throw Failure(
        name: "key",
        problem:
          "\(files.key): the key has a passphrase, which the service cannot ask for; write it without one, with mode 600"
      )
    }
    guard let privateKey = try? NIOSSLPrivateKey(bytes: key, format: .pem) else {
      throw Failure(
        name: "key", problem: "\(files.key): holds no private key in PEM (BEGIN PRIVATE KEY); name the file that does")
    }
    var configuration = TLSConfiguration.makeServerConfiguration(
      certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(privateKey))
    configuration.minimumTLSVersion = .tlsv12
    configuration.applicationProtocols = ["http/1.1"]
    do { context = try NIOSSLContext(configuration: configuration) } catch {
      throw Failure(
        name: "key",
        problem:
          "\(files.key): is not the key of the first certificate in \(files.certificate); name two files that belong "
          + "together")
    }
    serial = own.serialNumber.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    notBefore = EventTime(milliseconds: Int64(own.notValidBefore) * 1000)
    notAfter = EventTime(milliseconds: Int64(own.notValidAfter) * 1000)
    digest = Self.digest(certificate, key)
  }

  /// Whether the files are other than those that were read; true also where one of them cannot be read, as reading them will tell.
  package func isOther(than files: ServiceConfiguration.HTTP.TLS) -> Bool {
    guard let certificate = try? Self.bytes(files.certificate, "certificate"),
      let key = try? Self.bytes(files.key, "key")
    else { return true }
    return Self.digest(certificate, key) != digest
  }

  /// What clients will refuse although the files are good: a certificate that is not valid at a time, or soon not any more.
  package func warning(_ file: String, now: EventTime) -> String? {
    if now > notAfter {
      return "\(file): the certificate expired at \(notAfter), so clients refuse it; renew it"
    }
    if now < notBefore {
      return
        "\(file): the certificate is not valid before \(notBefore), so clients refuse it; check this machine's clock"
    }
    guard now + Self.notice > notAfter else { return nil }
    return "\(file): the certificate expires at \(notAfter); renew it"
  }

  /// Who renews certificates by themselves does it earlier.
  private static let notice = TimeSpan.days(14)
  private static let maximumBytes = 1 << 20

  /// What keeps the two files from being read: both are named where neither can be.
  static func unreadable(_ files: ServiceConfiguration.HTTP.TLS) -> [Failure] {
    [(files.certificate, "certificate"), (files.key, "key")].compactMap { path, name in
      do throws(Failure) {
        _ = try bytes(path, name)
        return nil
      } catch { return error }
    }
  }

  private static func bytes(_ path: String, _ name: String) throws(Failure) -> [UInt8] {
    do throws(TextFile.Failure) { return try TextFile.bytes(at: path, limit: maximumBytes) } catch {
      throw Failure(name: name, problem: "\(path): the \(name) \(error.problem)")
    }
  }

  private static func digest(_ certificate: [UInt8], _ key: [UInt8]) -> SHA256.Digest {
    SHA256.hash(Array(SHA256.hash(certificate).hex.utf8) + Array(SHA256.hash(key).hex.utf8))
  }
}
