import CCurl

/// Sends one mail at a time over SMTP and blocks until the server has taken or refused it, or its time is up.
///
/// Wraps one curl handle, as ``HTTPRequestSender`` does, with the same rules: one thread, an `AbortFlag`, no connection used again.
package final class MailSender {
  private let handle: UnsafeMutableRawPointer
  private let detail: UnsafeMutablePointer<CChar>
  private let upload: Upload

  /// - Throws: `HTTPFailure` of kind `other` where curl is out of memory or lacks a needed feature.
  package init(abort: AbortFlag) throws(HTTPFailure) {
    guard curlIsReady, let handle = curl_easy_init() else {
      throw HTTPFailure(.other, "libcurl could not be started; is there enough memory?")
    }
    self.handle = handle
    upload = Upload(abort: abort)
    detail = .allocate(capacity: Int(CURL_ERROR_SIZE))
    detail.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
    try check(leeway_curl_speak_smtp_only(handle))
    try check(leeway_curl_set_long(handle, CURLOPT_SSL_VERIFYPEER, 1))
    try check(leeway_curl_set_long(handle, CURLOPT_SSL_VERIFYHOST, 2))
    try check(leeway_curl_set_long(handle, CURLOPT_NOSIGNAL, 1))
    try check(leeway_curl_do_not_wait_for_resolver(handle))
    try check(leeway_curl_set_long(handle, CURLOPT_FORBID_REUSE, 1))
    try check(leeway_curl_set_long(handle, CURLOPT_UPLOAD, 1))
    try check(leeway_curl_set_error_buffer(handle, detail))
    let context = Unmanaged.passUnretained(upload).toOpaque()
    try check(leeway_curl_on_upload(handle, giveContent, context))
    try check(leeway_curl_on_progress(handle, watchAbort, context))
  }

  deinit {
    curl_easy_cleanup(handle)
    detail.deallocate()
  }

  /// - Returns: the server's last word, whatever it is.
  package func send(_ message: MailMessage) throws(HTTPFailure) -> MailReply {
    let server = message.server
    guard let host = server.shown else {
      throw HTTPFailure(.badRequest, "the receiver's url is not a plain smtp:// or smtps:// address; correct it")
    }
    if upload.abort.isRaised { throw HTTPFailure(.aborted, "mail to \(host): ended by shutdown") }
    var recipients: UnsafeMutablePointer<curl_slist>?
    defer {
      _ = leeway_curl_set_list(handle, CURLOPT_MAIL_RCPT, nil)
      curl_slist_free_all(recipients)
    }
    for address in message.to {
      guard let longer = curl_slist_append(recipients, "<\(address)>") else {
        throw HTTPFailure(.other, "mail to \(host): out of memory")
      }
      recipients = longer
    }
    try check(leeway_curl_set_text(handle, CURLOPT_URL, server.url))
    try check(leeway_curl_demand_tls(handle, server.demandsTLS ? 1 : 0))
    try check(leeway_curl_set_text(handle, CURLOPT_USERNAME, server.user))
    try check(leeway_curl_set_text(handle, CURLOPT_PASSWORD, server.password))
    if let authorities = server.authorities { try check(leeway_curl_set_text(handle, CURLOPT_CAINFO, authorities)) }
    try check(leeway_curl_set_text(handle, CURLOPT_MAIL_FROM, "<\(message.from)>"))
    try check(leeway_curl_set_list(handle, CURLOPT_MAIL_RCPT, recipients))
    try check(leeway_curl_set_long(handle, CURLOPT_CONNECTTIMEOUT_MS, Int(server.connect)))
    try check(leeway_curl_set_long(handle, CURLOPT_TIMEOUT_MS, Int(server.total)))
    try check(leeway_curl_set_offset(handle, CURLOPT_INFILESIZE_LARGE, message.content.count))
    upload.begin(message.content)
    detail[0] = 0
    let code = curl_easy_perform(handle)
    let status = leeway_curl_status(handle)
    if code == CURLE_OK { return MailReply(code: status) }
    // One refused recipient, a refused login or a refused message: curl's own error is vague, the server's number is not.
    if code != CURLE_ABORTED_BY_CALLBACK, code != CURLE_OPERATION_TIMEDOUT, (400...599).contains(status) {
      return MailReply(code: status)
    }
    throw failure(code, host, server)
  }

  private func failure(_ code: CURLcode, _ host: String, _ server: MailServer) -> HTTPFailure {
    let said = String(cString: curl_easy_strerror(code))
    switch code {
    case CURLE_OPERATION_TIMEDOUT:
      return HTTPFailure(.timeout, "mail to \(host): not taken within \(server.total) ms")
    case CURLE_COULDNT_CONNECT: return HTTPFailure(.connect, "mail to \(host): nothing accepts connections there")
    case CURLE_COULDNT_RESOLVE_HOST: return HTTPFailure(.resolve, "mail to \(host): the name of the host is not known")
    case CURLE_USE_SSL_FAILED:
      return HTTPFailure(.tls, "mail to \(host): the server offers no STARTTLS, and mail is not sent in the clear")
    case CURLE_SSL_CONNECT_ERROR, CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CERTPROBLEM, CURLE_SSL_CIPHER,
      CURLE_SSL_CACERT_BADFILE, CURLE_SSL_ISSUER_ERROR:
      // The detail speaks of certificates and hosts only.
      let reason = String(cString: detail)
      return HTTPFailure(.tls, "mail to \(host): \((reason.isEmpty ? said : reason).onOneLine(limit: 200))")
    case CURLE_LOGIN_DENIED: return HTTPFailure(.other, "mail to \(host): the server refused the login")
    case CURLE_RECV_ERROR, CURLE_SEND_ERROR, CURLE_GOT_NOTHING:
      return HTTPFailure(.reset, "mail to \(host): the connection ended before the mail was taken")
    case CURLE_WEIRD_SERVER_REPLY, CURLE_UNSUPPORTED_PROTOCOL:
      return HTTPFailure(.badAnswer, "mail to \(host): the answer is not SMTP")
    case CURLE_URL_MALFORMAT:
      return HTTPFailure(.badRequest, "mail to \(host): the receiver's url is malformed; correct it")
    case CURLE_ABORTED_BY_CALLBACK: return HTTPFailure(.aborted, "mail to \(host): ended by shutdown")
    default: return HTTPFailure(.other, "mail to \(host): \(said)")
    }
  }

  private func check(_ code: CURLcode) throws(HTTPFailure) {
    guard code == CURLE_OK else {
      throw HTTPFailure(.other, "libcurl refused a setting: \(String(cString: curl_easy_strerror(code)))")
    }
  }
}

extension MailServer {
  /// Scheme, host and port; nil where the address is none, or has more to it.
  var shown: String? {
    for scheme in ["smtp://", "smtps://"] where url.hasPrefix(scheme) {
      let rest = url.dropFirst(scheme.count)
      guard !rest.isEmpty, rest.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }),
        !rest.contains(where: { "/?#@\\".contains($0) })
      else { return nil }
      return url
    }
    return nil
  }

  /// Whether it is on this machine.
  var isLoopback: Bool {
    guard let shown else { return false }
    let host = shown.split(separator: "/").last ?? ""
    return host.hasPrefix("127.") || host == "localhost" || host.hasPrefix("localhost:") || host.hasPrefix("[::1]")
  }
}

/// Read by curl's callbacks, which run on the sender's own thread inside `curl_easy_perform`.
private final class Upload {
  let abort: AbortFlag
  private var content: [UInt8] = []
  private var given = 0

  init(abort: AbortFlag) { self.abort = abort }

  func begin(_ content: [UInt8]) {
    self.content = content
    given = 0
  }

  func give(to buffer: UnsafeMutableRawBufferPointer) -> Int {
    let count = min(buffer.count, content.count - given)
    buffer.copyBytes(from: content[given..<given + count])
    given += count
    return count
  }
}

private let giveContent: curl_read_callback = { bytes, size, count, context in
  guard let context, let bytes else { return 0 }
  return Unmanaged<Upload>.fromOpaque(context).takeUnretainedValue()
    .give(to: UnsafeMutableRawBufferPointer(start: bytes, count: size &* count))
}

private let watchAbort: curl_xferinfo_callback = { context, _, _, _, _ in
  guard let context else { return 0 }
  return Unmanaged<Upload>.fromOpaque(context).takeUnretainedValue().abort.isRaised ? 1 : 0
}
