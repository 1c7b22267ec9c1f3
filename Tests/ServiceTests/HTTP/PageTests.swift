import Foundation
import LeewayWeb
import Testing

@testable import LeewayService

@Suite struct PageTests {
  @Test func pagesAskNobodyElse() async throws {
    try await serving(try .filled()) { client in
      for path in PageFile.all.map(\.path) {
        let response = try await client.get(path)
        #expect(response.headers[.contentSecurityPolicy]?.hasPrefix("default-src 'self';") == true)
        #expect(response.headers[.xContentTypeOptions] == "nosniff")
        let links = response.text.split(separator: "\"").filter { $0.hasPrefix("http") || $0.hasPrefix("//") }
        #expect(links.allSatisfy { $0.hasPrefix("http://www.w3.org/2000/svg") }, "\(path): \(links)")
        // Nothing of the API's may become HTML.
        #expect(!response.text.contains("innerHTML") && !response.text.contains("insertAdjacentHTML"))
      }
    }
  }

  @Test func theFilesOfThePageAreThoseInTheSources() throws {
    let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../../Sources/LeewayWeb")
      .standardized
    let files = try FileManager.default.subpathsOfDirectory(atPath: folder.path)
      .filter { $0.hasPrefix("Page/") && $0.contains(".") }
    #expect(Set(WebFile.all.map(\.path)) == Set(files), "a file of the page is added to Sources/CWebFiles/web_files.c")
    for file in WebFile.all {
      #expect(Array(try Data(contentsOf: folder.appending(path: file.path))) == file.bytes, "\(file.path)")
    }
  }
}
