import Foundation
import Testing

@testable import LeewayService
@testable import LeewayWeb

@Suite struct PageTests {
  @Test func pagesAskNobodyElse() async throws {
    try await serving(try .filled()) { client in
      for path in PageFile.all.map(\.path) {
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
    let named = page.matches(of: /(?:rel="modulepreload" href|type="module" src)="([^"]+)"/).map { "/" + $0.1 }
    #expect(named.sorted() == PageFile.all.map(\.path).filter { $0.hasSuffix(".js") }.sorted())
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
