import LeewayTestSupport

@testable import LeewayCore

extension ProtobufWriting {
  static func schema(_ files: [UInt8]...) throws -> ProtobufSchema {
    try ProtobufSchema(files.flatMap { bytes(1, $0) })
  }

  static func extractor(
    _ paths: [String], _ schema: ProtobufSchema, _ message: String, limits: DecodeLimits = DecodeLimits()
  ) throws -> ProtobufExtractor {
    guard let schemas = ProtobufSchemas(plain: schema, message: message) else {
      throw ProtobufSchemaFailure("has no \(message)")
    }
    return ProtobufExtractor(
      ExtractionPlan(fields: try paths.map { try FieldPath($0) }, schemas: .protobuf(schemas)), limits: limits)
  }

  /// A value as canonical JSON.
  static func shown(_ value: FieldValue, _ extractor: ProtobufExtractor) -> String {
    extractor.tree(of: value).map { String(decoding: CanonicalJSON.bytes(of: $0), as: UTF8.self) } ?? "null"
  }

  /// The values of all paths, or the code of the failure.
  static func read(_ extractor: ProtobufExtractor, _ message: [UInt8], _ count: Int) -> [String] {
    message.withUnsafeBytes { bytes in
      do throws(DecodeFailure) {
        try extractor.extract(bytes)
        return (0..<count).map { shown(extractor[$0], extractor) }
      } catch { return [error.code] }
    }
  }
}
