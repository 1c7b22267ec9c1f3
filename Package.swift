// swift-tools-version:6.2
import PackageDescription

var swift: [SwiftSetting] = [
  .swiftLanguageMode(.v6), .enableUpcomingFeature("ExistentialAny"), .enableUpcomingFeature("InternalImportsByDefault"),
]
// `make test` sets it: a warning in our own code is then an error. Dependencies keep their own settings.
if Context.environment["LEEWAY_STRICT"] == "1" { swift.append(.treatAllWarnings(as: .error)) }

let package = Package(
  name: "leeway",
  dependencies: [.package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0")],
  targets: [
    .target(name: "CSimdjson", cxxSettings: [.define("NDEBUG")], linkerSettings: [.linkedLibrary("simdjson")]),
    .target(name: "LeewayStatistics", swiftSettings: swift),
    .target(name: "LeewayCore", dependencies: ["LeewayStatistics", "CSimdjson"], swiftSettings: swift),
    .target(
      name: "LeewayLedger", dependencies: ["LeewayCore", .product(name: "GRDB", package: "GRDB.swift")],
      swiftSettings: swift),
    .target(name: "LeewayTestSupport", dependencies: ["LeewayCore", "LeewayStatistics"], swiftSettings: swift),
    .testTarget(
      name: "CoreTests", dependencies: ["LeewayCore", "LeewayTestSupport"], swiftSettings: swift),
    .testTarget(name: "LedgerTests", dependencies: ["LeewayLedger", "LeewayTestSupport", .product(name: "GRDB", package: "GRDB.swift")], swiftSettings: swift),
  ],
  cxxLanguageStandard: .cxx17
)
