// swift-tools-version:6.2
import PackageDescription

var swift: [SwiftSetting] = [
  .swiftLanguageMode(.v6), .enableUpcomingFeature("ExistentialAny"), .enableUpcomingFeature("InternalImportsByDefault"),
]
// `make test` sets it: a warning in our own code is then an error. Dependencies keep their own settings.
if Context.environment["LEEWAY_STRICT"] == "1" { swift.append(.treatAllWarnings(as: .error)) }
// The tests' build optimises what they compute with, and keeps every assertion: simulations and replays are several times as fast.
let computing =
  swift + (Context.environment["LEEWAY_STRICT"] == "1" ? [.unsafeFlags(["-O", "-assert-config", "Debug"])] : [])
// `make sanitize` sets it, and gets the locks that ThreadSanitizer understands.
let watchesThreads = Context.environment["LEEWAY_SANITIZE"] == "thread"

let package = Package(
  name: "leeway",
  products: [.executable(name: "leeway", targets: ["leeway"])],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
    .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
    .package(url: "https://github.com/apple/swift-nio-extras", from: "1.34.1"),
    .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
    .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
    .package(url: "https://github.com/hummingbird-project/swift-mustache", from: "2.1.1"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
  ],
  targets: [
    // C libraries of the system, and the thin C that Swift cannot say itself.
    .systemLibrary(name: "CRdKafka", pkgConfig: "rdkafka", providers: [.apt(["librdkafka-dev"])]),
    .systemLibrary(name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
    .systemLibrary(name: "CPostgres", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
    .systemLibrary(name: "CMalloc"),
    // The files of LeewayWeb, embedded.
    .target(name: "CWebFiles"),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    .systemLibrary(name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])]),
    .target(name: "CSimdjson", cxxSettings: [.define("NDEBUG")], linkerSettings: [.linkedLibrary("simdjson")]),

    .target(
      name: "LeewayLocks", dependencies: watchesThreads ? ["CThreadSanitizer"] : [],
      swiftSettings: swift + (watchesThreads ? [.define("LEEWAY_SANITIZE_THREAD")] : [])),

    // The data flow, top to bottom.
    .target(name: "LeewayStatistics", swiftSettings: computing),
    .target(name: "LeewayCore", dependencies: ["LeewayStatistics", "CSimdjson"], swiftSettings: computing),
    .target(
      name: "LeewaySource", dependencies: ["LeewayCore", "LeewayLocks", "CRdKafka", "CZlib"], swiftSettings: swift),
    .target(
      name: "LeewayLedger",
      dependencies: [
        "LeewayCore", "LeewayLocks", "CPostgres", "CZstd", .product(name: "GRDB", package: "GRDB.swift"),
        .product(name: "GRDBSQLite", package: "GRDB.swift"),
      ],
      swiftSettings: swift),
    .target(
      name: "LeewayDelivery",
      dependencies: [
        "LeewayCore", "CCurl", .product(name: "Crypto", package: "swift-crypto"),
        .product(name: "Mustache", package: "swift-mustache"),
      ],
      swiftSettings: swift),
    // What files say: monitors, leeway.yaml, tokens, certificates.
    .target(
      name: "LeewayConfiguration",
      dependencies: [
        "LeewayStatistics", "LeewayCore", "LeewaySource", "LeewayLedger", "LeewayDelivery", "Yams",
        .product(name: "NIOSSL", package: "swift-nio-ssl"),
      ],
      swiftSettings: swift),
    // Files in place of Kafka: training files to baselines, logs to results, samples to what is in them.
    .target(
      name: "LeewayReplay",
      dependencies: [
        "LeewayCore", "LeewayLocks", "LeewayStatistics", "LeewaySource", "LeewayLedger", "LeewayConfiguration",
      ],
      swiftSettings: swift),
    // What others see: API, metrics, and the page and the API's description as files, which CWebFiles embeds.
    .target(
      name: "LeewayWeb",
      dependencies: [
        "CWebFiles", "LeewayCore", "LeewayLocks", "LeewayConfiguration",
        .product(name: "Hummingbird", package: "hummingbird"),
        .product(name: "HummingbirdCore", package: "hummingbird"),
        .product(name: "HTTPTypes", package: "swift-http-types"), .product(name: "Logging", package: "swift-log"),
        .product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOHTTPTypes", package: "swift-nio-extras"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "NIOHTTPTypesHTTP1", package: "swift-nio-extras"),
        .product(name: "NIOPosix", package: "swift-nio"), .product(name: "NIOSSL", package: "swift-nio-ssl"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
      ],
      exclude: ["OpenAPI", "Page", "deno.json"],
      swiftSettings: swift),
    // The parts, wired: intake, evaluation and delivery on their threads.
    .target(
      name: "LeewayService",
      dependencies: [
        "LeewayCore", "LeewayLocks", "LeewaySource", "LeewayLedger", "LeewayDelivery", "LeewayConfiguration",
        "LeewayWeb",
        .product(name: "Logging", package: "swift-log"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
      ],
      swiftSettings: swift),
    .target(
      name: "LeewayDemo",
      dependencies: [
        "LeewayCore", "LeewayLocks", "LeewaySource", "LeewayLedger", "LeewayDelivery", "LeewayConfiguration",
        "LeewayReplay",
        "LeewayService", .product(name: "Hummingbird", package: "hummingbird"),
        .product(name: "HTTPTypes", package: "swift-http-types"), .product(name: "Logging", package: "swift-log"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
      ],
      swiftSettings: swift),
    .executableTarget(
      name: "leeway",
      dependencies: [
        "CMalloc", "LeewayCore", "LeewayConfiguration", "LeewayReplay", "LeewayWeb", "LeewayService", "LeewayDemo",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "Logging", package: "swift-log"),
      ],
      swiftSettings: swift),

    // A mock cluster in a process of its own, for faults of a broker that the service must outlive.
    .executableTarget(name: "leeway-test-broker", dependencies: ["LeewaySource", "LeewayCore"], swiftSettings: swift),
    .target(
      name: "LeewayTestSupport", dependencies: ["LeewayCore", "LeewayLocks", "LeewayStatistics", "CPostgres"],
      swiftSettings: computing),
    .testTarget(
      name: "StatisticsTests", dependencies: ["LeewayStatistics", "LeewayTestSupport", "CZlib"],
      resources: [.copy("Fixtures")],
      swiftSettings: swift),
    .testTarget(
      name: "CoreTests", dependencies: ["LeewayCore", "LeewayTestSupport"], resources: [.copy("Fixtures")],
      swiftSettings: swift),
    .testTarget(
      name: "SimulationTests", dependencies: ["LeewayCore", "LeewayTestSupport"], swiftSettings: computing),
    .testTarget(
      name: "SourceTests", dependencies: ["LeewaySource", "LeewayLocks", "LeewayTestSupport"], swiftSettings: swift),
    .testTarget(
      name: "LedgerTests",
      dependencies: ["LeewayLedger", "LeewayTestSupport", .product(name: "GRDB", package: "GRDB.swift")],
      swiftSettings: swift),
    .testTarget(
      name: "DeliveryTests",
      dependencies: [
        "LeewayDelivery", "LeewayLocks", "LeewayTestSupport", .product(name: "Crypto", package: "swift-crypto"),
      ],
      exclude: ["Fixtures"],
      swiftSettings: swift),
    .testTarget(
      name: "ServiceTests",
      dependencies: [
        "LeewayConfiguration", "LeewayReplay", "LeewayWeb", "LeewayService", "LeewayDemo", "LeewayLocks",
        "LeewayTestSupport", .product(name: "HummingbirdTesting", package: "hummingbird"),
        .product(name: "NIOEmbedded", package: "swift-nio"),
      ],
      resources: [.copy("Fixtures")], swiftSettings: swift),
    .testTarget(
      name: "AcceptanceTests",
      dependencies: [
        "LeewayConfiguration", "LeewayReplay", "LeewayWeb", "LeewayService", "LeewayDemo", "LeewayLocks",
        "LeewaySource", "LeewayDelivery", "LeewayTestSupport", "CRdKafka", "leeway", "leeway-test-broker",
      ],
      resources: [.copy("Fixtures")], swiftSettings: swift),
  ],
  cLanguageStandard: .c2x,
  cxxLanguageStandard: .cxx17
)

if watchesThreads { package.targets.append(.target(name: "CThreadSanitizer")) }

// Benchmarks are built by `make bench` alone; see Benchmarks/README.md.
if Context.environment["LEEWAY_BENCHMARKS"] == "1" {
  package.targets += [
    .target(name: "CAllocationCount", path: "Benchmarks/Sources/CAllocationCount"),
    .executableTarget(
      name: "LeewayBenchmarks",
      dependencies: [
        "LeewayStatistics", "LeewayCore", "LeewaySource", "LeewayLedger", "LeewayConfiguration",
        "LeewayReplay", "LeewayWeb", "LeewayService", "LeewayTestSupport", "CAllocationCount",
      ],
      path: "Benchmarks/Sources/LeewayBenchmarks", swiftSettings: swift),
  ]
}
