import HTTPTypes
import Hummingbird
import LeewayCore

/// Makes JSON answers.
enum JSONAnswer {
  /// An answer that a poller may ask for again by its entity tag.
  static func response(
    _ request: Request, status: HTTPResponse.Status = .ok, _ write: (inout JSONWriter) -> Void
  ) -> Response {
    var json = JSONWriter(capacity: 4096)
    write(&json)
    return response(request, status: status, bytes: json.bytes)
  }

  static func response(_ request: Request, status: HTTPResponse.Status = .ok, bytes: [UInt8]) -> Response {
    entity(request, status: status, bytes: bytes, mediaType: "application/json", caching: "no-cache")
  }

  /// 304 if the client has the very bytes already.
  static func entity(
    _ request: Request, status: HTTPResponse.Status = .ok, bytes: [UInt8], mediaType: String, caching: String
  ) -> Response {
    var headers: HTTPFields = [.contentType: mediaType, .cacheControl: caching]
    if status == .ok {
      let tag = "\"\(SHA256.hash(bytes).hex.prefix(32))\""
      headers[.eTag] = tag
      let known = request.headers[.ifNoneMatch]?.split(separator: ",") ?? []
      if known.contains(where: { $0.trimmingTag == tag || $0.trimmingTag == "*" }) {
        return Response(status: .notModified, headers: headers)
      }
    }
    return Response(status: status, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
  }
}

extension Substring {
  /// An entity tag without blanks and without the mark of a weak one.
  fileprivate var trimmingTag: Substring {
    var tag = drop { $0 == " " }
    while tag.last == " " { tag.removeLast() }
    return tag.hasPrefix("W/") ? tag.dropFirst(2) : tag
  }
}
