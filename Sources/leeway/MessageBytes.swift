import ArgumentParser
import LeewayConfiguration
import LeewayCore
import LeewayService

/// The longest message that a command reads of a file: what `limits.message_bytes` takes.
struct MessageBytes: ExpressibleByArgument {
  static let standard = MessageBytes(count: DecodeLimits().messageBytes)

  let count: Int

  private init(count: Int) { self.count = count }

  init?(argument: String) {
    guard let bytes = ByteCount.read(argument), (1024...(64 << 20)).contains(bytes) else { return nil }
    count = Int(bytes)
  }

  var defaultValueDescription: String { ByteCount.shown(count) }
}
