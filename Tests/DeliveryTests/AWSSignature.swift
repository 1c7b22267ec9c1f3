import Crypto
import LeewayTestSupport

/// AWS Signature Version 4 of a request as it arrived, worked out from AWS's description: an independent reckoning of curl's.
enum AWSSignature {
  static func expected(of request: LoopbackReceiver.Request, secret: String, region: String) -> String? {
    guard let sent = request.header("Authorization"), let date = request.header("X-Amz-Date"),
      let names = sent.firstMatch(of: /SignedHeaders=([^,]+)/)?.output.1.split(separator: ";").map(String.init)
    else { return nil }
    // What decides about the request must be signed.
    guard Set(names).isSuperset(of: ["content-type", "host", "x-amz-date", "x-amz-security-token", "x-amz-target"])
    else {
      return "SignedHeaders lack something: \(names)"
    }
    let headers = names.map { "\($0):\((request.header($0) ?? "").split(separator: " ").joined(separator: " "))\n" }
    let canonical = [
      request.method, request.path, "", headers.joined(), names.joined(separator: ";"),
      hex(SHA256.hash(data: request.body)),
    ].joined(separator: "\n")
    let day = String(date.prefix(8))
    let scope = "\(day)/\(region)/sagemaker/aws4_request"
    let text = "AWS4-HMAC-SHA256\n\(date)\n\(scope)\n\(hex(SHA256.hash(data: Array(canonical.utf8))))"
    var key = Array("AWS4\(secret)".utf8)
    for part in [day, region, "sagemaker", "aws4_request", text] {
      key = Array(HMAC<SHA256>.authenticationCode(for: Array(part.utf8), using: SymmetricKey(data: key)))
    }
    return
      "AWS4-HMAC-SHA256 Credential=AKID/\(scope), SignedHeaders=\(names.joined(separator: ";")), Signature=\(hex(key))"
  }

  private static func hex(_ bytes: some Sequence<UInt8>) -> String {
    bytes.map { byte in
      let text = String(byte, radix: 16)
      return text.count == 1 ? "0" + text : text
    }.joined()
  }
}
