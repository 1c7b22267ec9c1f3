/// The part of a URL that may be shown: scheme, host and port, as `https://hooks.example.com`. Never a user name, path
/// or query, any of which may be a secret.
struct URLOrigin: Equatable, CustomStringConvertible {
  let description: String

  /// Nil where the text is not an http or https URL with a host, or holds a byte that no URL may.
  init?(_ url: String) {
    guard url.utf8.count <= 8192, url.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7F }) else { return nil }
    let scheme: String
    if url.prefix(7).lowercased() == "http://" {
      scheme = "http://"
    } else if url.prefix(8).lowercased() == "https://" {
      scheme = "https://"
    } else {
      return nil
    }
    let authority = url.dropFirst(scheme.count).prefix { $0 != "/" && $0 != "?" && $0 != "#" && $0 != "\\" }
    // After the last @: a password may hold one.
    let host = authority.split(separator: "@", omittingEmptySubsequences: false).last ?? ""
    guard !host.isEmpty, host.first != ":" else { return nil }
    description = scheme + host
  }
}
