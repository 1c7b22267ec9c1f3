import Foundation
import LeewayCore

/// Schemas in Protobuf: a registry writes them as descriptors where it is asked to, each file by itself.
extension SchemaRegistryClient {
  /// Files that a schema is made of at most.
  private static let maximumFiles = 100

  private enum Failure: Error { case answer(SchemaAnswer) }

  /// A schema and all that it refers to, itself last.
  func protobuf(_ url: String, _ path: String) -> SchemaAnswer {
    var files: [[UInt8]] = []
    var met: Set<Reference> = []
    do throws(Failure) { try collect(url, path, &files, &met) } catch {
      guard case .answer(let answer) = error else { return .unknown }
      return answer
    }
    // The files of a FileDescriptorSet are its field 1.
    let set = files.reduce(into: [UInt8]()) { set, file in
      set.append(0x0A)
      var length = UInt64(file.count)
      while length >= 0x80 {
        set.append(UInt8(length & 0x7F) | 0x80)
        length >>= 7
      }
      set.append(UInt8(length))
      set += file
    }
    guard set.count <= ProtobufSchema.maximumBytes else {
      return .found(.unusable("has \(set.count) bytes; a schema takes at most \(ProtobufSchema.maximumBytes)"))
    }
    return .found(.protobuf(set))
  }

  private func collect(
    _ url: String, _ path: String, _ files: inout [[UInt8]], _ met: inout Set<Reference>
  ) throws(Failure) {
    switch ask(url, path: "\(path)?format=serialized") {
    case .other(let answer): throw .answer(answer)
    case .schema(let text, let kind, let references):
      guard kind == .protobuf, let file = Data(base64Encoded: Data(text)) else {
        throw .answer(
          .found(
            .unusable(
              "is PROTOBUF, and the registry does not write it as a descriptor (format=serialized); write schemas: {NUMBER: FILE.desc} "
                + "in the monitor")))
      }
      for reference in references where met.insert(reference).inserted {
        guard met.count < Self.maximumFiles else {
          throw .answer(.found(.unusable("refers to more than \(Self.maximumFiles) other schemas")))
        }
        let subject =
          reference.subject.addingPercentEncoding(withAllowedCharacters: Self.unreserved) ?? reference.subject
        do throws(Failure) {
          try collect(url, "\(Self.subjects)\(subject)/versions/\(reference.version)", &files, &met)
        } catch {
          // What is missing is not the schema itself.
          guard case .answer(.unknown) = error else { throw error }
          throw .answer(
            .away(
              "the schema registry does not have version \(reference.version) of the subject \(reference.subject), which the schema refers to"
            ))
        }
      }
      files.append(Array(file))
    }
  }

  private static let unreserved = CharacterSet(
    charactersIn: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
}
