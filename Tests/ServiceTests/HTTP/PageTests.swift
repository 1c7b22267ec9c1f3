import Foundation
import Testing

@testable import LeewayService
@testable import LeewayWeb

@Suite struct PageTests {
  @Test func pagesAskNobodyElse() async throws {
    try await serving(try .filled()) { client in
      for path in PageFile.all.map(\.path) + ["/monitors/fraud", "/incidents/fraud-1", "/service"] {
        let response = try await client.get(path)
        #expect(
          response.headers[.contentSecurityPolicy]
            == "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'; "
            + "require-trusted-types-for 'script'; trusted-types 'none'")
        #expect(response.headers[.xContentTypeOptions] == "nosniff")
        let code = response.text.split(separator: "\n").filter { !$0.hasPrefix("//") }.joined(separator: "\n")
        let links = code.matches(of: /https?:\/\/[^"'\s]+|["'(]\/\/[^"')\s]+/).map { String($0.output) }
        #expect(links.allSatisfy { $0.hasPrefix("http://www.w3.org/") }, "\(path): \(links)")
        // Nothing of the API's may become HTML. d3 could make some; the policy forbids it that.
        if path == "/charts/d3.js" { continue }
        #expect(!code.contains("innerHTML") && !code.contains("insertAdjacentHTML"), "\(path)")
      }
    }
  }

  /// Or the browser would ask for them one after another, each when the one that imports it is there.
  @Test func thePageAsksForAllItsModulesAtOnce() throws {
    let page = try #require(PageFile.all.first { $0.path == "/" }.map { String(decoding: $0.bytes, as: UTF8.self) })
    let named = page.matches(of: /(?:rel="modulepreload" href|type="module" src)="\.([^"]+)"/).map { String($0.1) }
    #expect(named.sorted() == PageFile.all.map(\.path).filter { $0.hasSuffix(".js") }.sorted())
  }

  /// The scripts read the address; whatever is lengthened on its way through other people's mail still opens.
  @Test func everyPageIsTheShellWithAddressesFromWhereItIs() async throws {
    try await serving(try .filled()) { client in
      let top = try await client.get("/").text
      for path in [
        "/incidents", "/decisions", "/audit", "/service", "/?utm_source=mail", "/incidents?monitor=a&monitor=b",
      ] {
        expectEqual(try await client.get(path).text, top, "\(path)")
      }
      let deep = top.replacing("=\"./", with: "=\"../")
      #expect(deep != top && !deep.contains("\"./"))
      for path in ["/monitors/fraud", "/monitors/%3Cb%3E", "/incidents/fraud-1a2b3c", "/incidents/none?x=1"] {
        let response = try await client.get(path)
        #expect(response.status == .ok && response.text == deep, "\(path)")
        #expect(response.headers[.contentType] == "text/html; charset=utf-8")
      }
      for path in ["/monitors", "/monitors/fraud/subjects", "/incident", "/app.js?x=1"] {
        let status = try await client.get(path).status
        #expect(status == .notFound || status == .badRequest, "\(path)")
      }
    }
  }

  /// What a first view asks for, in bytes that a proxy sends compressed. d3 is the larger half of it.
  @Test func theFilesOfAPageAreSmall() throws {
    let bytes = PageFile.all.filter { !$0.path.hasSuffix(".txt") }.map(\.bytes).reduce(0) { $0 + $1.count }
    #expect(bytes < 400_000, "\(bytes) bytes before compression")
  }

  @Test func theEmbeddedFilesAreThoseInTheSources() throws {
    let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../../Sources/LeewayWeb")
      .standardized
    let files = try FileManager.default.subpathsOfDirectory(atPath: folder.path)
      .filter { ($0.hasPrefix("Page/") || $0.hasPrefix("OpenAPI/")) && $0.contains(".") }
    #expect(Set(WebFile.all.map(\.path)) == Set(files), "a new file is added to Sources/CWebFiles/web_files.c")
    for file in WebFile.all {
      let bytes = Array(try Data(contentsOf: folder.appending(path: file.path)))
      // The code of d3 stands before what is ours.
      let isEmbedded =
        file.path == "Page/charts/d3.js" ? file.bytes.suffix(bytes.count) == bytes[...] : file.bytes == bytes
      #expect(isEmbedded, "\(file.path)")
    }
  }
}
