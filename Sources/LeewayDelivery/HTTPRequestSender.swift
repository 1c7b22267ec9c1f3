import CCurl
import Glibc

/// Sends one request at a time and blocks until its answer, its failure or its time limit.
///
/// Wraps one curl handle, used again for every request; the connection is not. Not `Sendable` on purpose: whoever makes one
/// keeps it on one thread, which is never a thread of Swift's pool. Other threads reach it only through its
/// `AbortFlag`. Speaks http and https, verifies certificates, follows no redirect, keeps no cookie, asks no `.netrc`, and
/// honours the proxy variables of the environment.
package final class HTTPRequestSender {
  private let handle: UnsafeMutableRawPointer
  private let intake: AnswerIntake
  /// Where curl writes the detail of a failure, which is used only for TLS.
  private let detail: UnsafeMutablePointer<CChar>

  /// - Parameters:
  ///   - version: Leeway's own, for the `User-Agent`.
  ///   - abort: ends the request under way within about a second, and every later one at once.
  ///   - trust: whom it trusts over TLS, and who it is.
  /// - Throws: `HTTPFailure` of kind `other` where curl is out of memory or lacks a needed feature.
  package init(version: String, abort: AbortFlag, trust: HTTPTrust = HTTPTrust()) throws(HTTPFailure) {
    guard curlIsReady, let handle = curl_easy_init() else {
      throw HTTPFailure(.other, "libcurl could not be started; is there enough memory?")
    }
    self.handle = handle
    self.intake = AnswerIntake(abort: abort)
    self.detail = .allocate(capacity: Int(CURL_ERROR_SIZE))
    detail.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
    try configure(version: version)
    if let file = trust.authorities { try check(leeway_curl_set_text(handle, CURLOPT_CAINFO, file)) }
    if let file = trust.certificate { try check(leeway_curl_set_text(handle, CURLOPT_SSLCERT, file)) }
    if let file = trust.key { try check(leeway_curl_set_text(handle, CURLOPT_SSLKEY, file)) }
  }

  deinit {
    curl_easy_cleanup(handle)
    detail.deallocate()
  }

  /// Sends the request and waits for the answer. A status of 400 or more is an answer, not a failure.
  package func send(_ request: HTTPRequest) -> Result<HTTPAnswer, HTTPFailure> {
    do throws(HTTPFailure) {
      return .success(try perform(request))
    } catch {
      return .failure(error)
    }
  }

  private func configure(version: String) throws(HTTPFailure) {
    try check(leeway_curl_speak_http_only(handle))
    try check(leeway_curl_set_long(handle, CURLOPT_FOLLOWLOCATION, 0))
    try check(leeway_curl_set_long(handle, CURLOPT_SSL_VERIFYPEER, 1))
    try check(leeway_curl_set_long(handle, CURLOPT_SSL_VERIFYHOST, 2))
    // Signals would reach whichever thread, and curl's own use of them is for platforms without a threaded resolver.
    try check(leeway_curl_set_long(handle, CURLOPT_NOSIGNAL, 1))
    try check(leeway_curl_do_not_wait_for_resolver(handle))
    // A proxy's answer to CONNECT is not the receiver's.
    try check(leeway_curl_set_long(handle, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1))
    // On a kept connection that turns out dead, curl sends the request again by itself. Deliveries are rare enough for
    // a connection each, and then one attempt is one request.
    try check(leeway_curl_set_long(handle, CURLOPT_FORBID_REUSE, 1))
    try check(leeway_curl_set_long(handle, CURLOPT_LOW_SPEED_LIMIT, 64))
    try check(leeway_curl_set_text(handle, CURLOPT_USERAGENT, "leeway/\(version)"))
    try check(leeway_curl_set_error_buffer(handle, detail))
    // The intake lives as long as the handle, so curl may hold it unretained.
    let context = Unmanaged.passUnretained(intake).toOpaque()
    try check(leeway_curl_on_body(handle, takeBody, context))
    try check(leeway_curl_on_header(handle, takeHeader, context))
    try check(leeway_curl_on_progress(handle, watchAbort, context))
  }

  private func perform(_ request: HTTPRequest) throws(HTTPFailure) -> HTTPAnswer {
    let method = request.method.rawValue
    let origin = URLOrigin(request.url)
    guard let origin else {
      throw HTTPFailure(.badRequest, "the receiver's url is not a plain http:// or https:// address; correct it")
    }
    if intake.abort.isRaised { throw HTTPFailure(.aborted, "\(method) \(origin): ended by shutdown") }
    intake.begin(limit: max(0, request.limits.answerBytes))

    let list = try headerList(request.headers, method, origin)
    defer {
      // curl keeps only the address, so it must not outlive the list.
      _ = leeway_curl_set_list(handle, CURLOPT_HTTPHEADER, nil)
      curl_slist_free_all(list)
    }
    try check(leeway_curl_set_list(handle, CURLOPT_HTTPHEADER, list))
    try check(leeway_curl_set_long(handle, request.method == .get ? CURLOPT_HTTPGET : CURLOPT_POST, 1))
    // Curl's own word for the two above, or what is said in place of POST.
    let isUsual = request.method == .get || request.method == .post
    try check(leeway_curl_set_text(handle, CURLOPT_CUSTOMREQUEST, isUsual ? nil : method))
    // Region and service are spelled out: curl would take them from the host's first labels, which are others.
    let signing: String? = request.signing.map { "aws:amz:\($0.region):\($0.service)" }
    let keys: String? = request.signing.map { "\($0.accessKey):\($0.secretKey)" }
    try check(leeway_curl_sign_for_aws(handle, signing, keys))
    try check(leeway_curl_set_text(handle, CURLOPT_URL, request.url))
    try check(leeway_curl_set_long(handle, CURLOPT_CONNECTTIMEOUT_MS, milliseconds(request.limits.connect)))
    try check(leeway_curl_set_long(handle, CURLOPT_TIMEOUT_MS, milliseconds(request.limits.total)))
    try check(
      leeway_curl_set_long(handle, CURLOPT_LOW_SPEED_TIME, (milliseconds(request.limits.stall) + 999) / 1000))
    if request.method != .get {
      try check(leeway_curl_set_offset(handle, CURLOPT_POSTFIELDSIZE_LARGE, Int(request.body.count)))
    }

    detail[0] = 0
    let code = request.method == .get ? curl_easy_perform(handle) : perform(body: request.body)
    if code == CURLE_OK || (code == CURLE_WRITE_ERROR && intake.isCut) {
      let status = leeway_curl_status(handle)
      guard (100...999).contains(status) else {
        throw HTTPFailure(.badAnswer, "\(method) \(origin): the answer has no status")
      }
      return HTTPAnswer(
        status: status, retryAfter: intake.retryAfter, bodyPrefix: intake.body,
        isCut: intake.isCut)
    }
    let problem = failure(code, method, origin, request.limits)
    // The status came before the headers that were too many, and says what became of the request.
    if request.method != .get, code == CURLE_WRITE_ERROR, intake.headersAreTooLong {
      let status = leeway_curl_status(handle)
      if (200...999).contains(status) {
        return HTTPAnswer(
          status: status, retryAfter: intake.retryAfter, bodyPrefix: [], isCut: true, bodyProblem: problem.text)
      }
    }
    // What was sent has been taken, whatever became of the rest: sent again it would be taken twice.
    let status = leeway_curl_status(handle)
    if request.method != .get, (200..<300).contains(status), Self.isOfTheBody(code), intake.headersHaveEnded {
      return HTTPAnswer(
        status: status, retryAfter: intake.retryAfter, bodyPrefix: intake.body, isCut: true, bodyProblem: problem.text)
    }
    throw problem
  }

  /// Failures that come behind the headers of an answer.
  private static func isOfTheBody(_ code: CURLcode) -> Bool {
    [
      CURLE_RECV_ERROR, CURLE_PARTIAL_FILE, CURLE_OPERATION_TIMEDOUT, CURLE_BAD_CONTENT_ENCODING, CURLE_WRITE_ERROR,
      CURLE_WEIRD_SERVER_REPLY, CURLE_GOT_NOTHING,
    ].contains { $0 == code }
  }

  private func perform(body: [UInt8]) -> CURLcode {
    // With a null pointer curl would read the body from standard input, so an empty body still needs an address.
    let bytes = body.isEmpty ? [0] : body
    return bytes.withUnsafeBytes { bytes in
      let code = leeway_curl_set_bytes(handle, CURLOPT_POSTFIELDS, bytes.baseAddress)
      defer { _ = leeway_curl_set_bytes(handle, CURLOPT_POSTFIELDS, nil) }
      return code == CURLE_OK ? curl_easy_perform(handle) : code
    }
  }

  /// The caller frees the list.
  private func headerList(
    _ headers: [HTTPHeader], _ method: String, _ origin: URLOrigin
  ) throws(HTTPFailure) -> UnsafeMutablePointer<curl_slist>? {
    // Without this, curl asks receivers for leave to send a long body and waits a second for those that don't answer.
    var lines = ["Expect:"]
    for header in headers {
      guard header.isSendable else {
        throw HTTPFailure(.badRequest, "\(method) \(origin): a header has a name or value that HTTP cannot carry")
      }
      // "Name:" would tell curl to leave a header out; "Name;" sends it empty.
      lines.append(header.value.isEmpty ? "\(header.name);" : "\(header.name): \(header.value)")
    }
    var list: UnsafeMutablePointer<curl_slist>?
    for line in lines {
      guard let longer = curl_slist_append(list, line) else {
        curl_slist_free_all(list)
        throw HTTPFailure(.other, "\(method) \(origin): out of memory")
      }
      list = longer
    }
    return list
  }

  private func failure(
    _ code: CURLcode, _ method: String, _ origin: URLOrigin, _ limits: RequestLimits
  ) -> HTTPFailure {
    let said = String(cString: curl_easy_strerror(code))
    switch code {
    case CURLE_OPERATION_TIMEDOUT:
      return HTTPFailure(
        .timeout, "\(method) \(origin): no complete answer within \(limits.total) ms (to connect: \(limits.connect) ms)"
      )
    case CURLE_COULDNT_CONNECT:
      return HTTPFailure(.connect, "\(method) \(origin): nothing accepts connections there")
    case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY:
      return HTTPFailure(.resolve, "\(method) \(origin): the name of the host or of its proxy is not known")
    case CURLE_SSL_CONNECT_ERROR, CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CERTPROBLEM, CURLE_SSL_CIPHER,
      CURLE_SSL_CACERT_BADFILE, CURLE_SSL_ISSUER_ERROR, CURLE_SSL_CRL_BADFILE, CURLE_SSL_INVALIDCERTSTATUS:
      // The detail speaks of certificates and hosts, never of paths or headers.
      let reason = String(cString: detail)
      return HTTPFailure(.tls, "\(method) \(origin): \((reason.isEmpty ? said : reason).onOneLine(limit: 200))")
    case CURLE_RECV_ERROR, CURLE_SEND_ERROR, CURLE_GOT_NOTHING, CURLE_PARTIAL_FILE:
      return HTTPFailure(.reset, "\(method) \(origin): the connection ended before the answer did")
    case CURLE_WRITE_ERROR where intake.headersAreTooLong:
      return HTTPFailure(
        .tooLarge, "\(method) \(origin): the answer's headers are over \(RequestLimits.answerHeaderBytes) bytes")
    case CURLE_UNSUPPORTED_PROTOCOL, CURLE_WEIRD_SERVER_REPLY, CURLE_HTTP2, CURLE_HTTP2_STREAM,
      CURLE_BAD_CONTENT_ENCODING:
      return HTTPFailure(.badAnswer, "\(method) \(origin): the answer is not HTTP")
    case CURLE_URL_MALFORMAT:
      return HTTPFailure(.badRequest, "\(method) \(origin): the receiver's url is malformed; correct it")
    case CURLE_ABORTED_BY_CALLBACK:
      return HTTPFailure(.aborted, "\(method) \(origin): ended by shutdown")
    default:
      return HTTPFailure(.other, "\(method) \(origin): \(said)")
    }
  }

  /// curl reads 0 as "no limit", and there is always one.
  private func milliseconds(_ limit: Int64) -> Int { Int(min(max(limit, 1), 86_400_000)) }

  private func check(_ code: CURLcode) throws(HTTPFailure) {
    guard code == CURLE_OK else {
      throw HTTPFailure(.other, "libcurl refused a setting: \(String(cString: curl_easy_strerror(code)))")
    }
  }
}

extension HTTPHeader {
  /// Whether name and value stay within one header line: a line break would let a value add headers of its own.
  fileprivate var isSendable: Bool {
    !name.isEmpty
      && name.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: ":") && $0 != UInt8(ascii: ";") }
      && value.utf8.allSatisfy { ($0 >= 0x20 && $0 != 0x7F) || $0 == 0x09 }
  }
}

/// Started once for the process. SIGPIPE is ignored because curl no longer does it for us once it may not use signals,
/// and a receiver that hangs up must not end the process.
let curlIsReady: Bool = {
  signal(SIGPIPE, SIG_IGN)
  return curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK
}()

// MARK: - The answer, as curl's callbacks deliver it

/// Filled by curl's callbacks, which run on the sender's own thread inside `curl_easy_perform`.
private final class AnswerIntake {
  let abort: AbortFlag
  var body: [UInt8] = []
  var retryAfter: RetryAfter?
  var isCut = false
  var headersAreTooLong = false
  /// Those of the last answer: an interim one is followed by another.
  private(set) var headersHaveEnded = false
  private var headerBytes = 0
  private var limit = 0

  init(abort: AbortFlag) { self.abort = abort }

  func begin(limit: Int) {
    body = []
    retryAfter = nil
    isCut = false
    headersAreTooLong = false
    headersHaveEnded = false
    headerBytes = 0
    self.limit = limit
  }

  /// Returns how many bytes were taken; fewer than offered ends the transfer.
  func take(body bytes: UnsafeRawBufferPointer) -> Int {
    let taken = min(bytes.count, limit - body.count)
    body.append(contentsOf: bytes.prefix(taken))
    if taken < bytes.count { isCut = true }
    return taken
  }

  func take(header line: UnsafeRawBufferPointer) -> Int {
    headerBytes += line.count
    // Counted over all of an answer's headers and its interim answers: curl limits a line, not their number.
    guard headerBytes <= RequestLimits.answerHeaderBytes else {
      headersAreTooLong = true
      return 0
    }
    if line.starts(with: "HTTP/".utf8) {
      retryAfter = nil
      headersHaveEnded = false
    } else if line.elementsEqual("\r\n".utf8) || line.elementsEqual("\n".utf8) {
      headersHaveEnded = true
    } else if line.count > 12, line.count <= 128, line.prefix(12).elementsEqual("retry-after:".utf8, by: sameLetter) {
      retryAfter = RetryAfter(String(decoding: line.dropFirst(12), as: UTF8.self))
    }
    return line.count
  }

  private func sameLetter(_ byte: UInt8, _ lowercase: UInt8) -> Bool {
    byte == lowercase || ((0x41...0x5A).contains(byte) && byte | 0x20 == lowercase)
  }
}

private func intake(_ context: UnsafeMutableRawPointer) -> AnswerIntake {
  Unmanaged<AnswerIntake>.fromOpaque(context).takeUnretainedValue()
}

private let takeBody: curl_write_callback = { bytes, size, count, context in
  guard let context else { return 0 }
  return intake(context).take(body: UnsafeRawBufferPointer(start: bytes, count: size &* count))
}

private let takeHeader: curl_write_callback = { bytes, size, count, context in
  guard let context else { return 0 }
  return intake(context).take(header: UnsafeRawBufferPointer(start: bytes, count: size &* count))
}

/// Called at least about once a second while a request is under way.
private let watchAbort: curl_xferinfo_callback = { context, _, _, _, _ in
  guard let context else { return 0 }
  return intake(context).abort.isRaised ? 1 : 0
}
