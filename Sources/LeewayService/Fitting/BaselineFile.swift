import Foundation
package import LeewayCore

/// Baselines on disk.
package enum BaselineFile {
  /// Reads and verifies a baseline.
  ///
  /// - Throws: `InputProblem` that names the file.
  package static func read(_ path: String) throws -> Baseline {
    let bytes: Data
    do {
      let attributes = try FileManager.default.attributesOfItem(atPath: path)
      if let size = attributes[.size] as? Int, size > Baseline.maximumBytes {
        throw InputProblem("\(path): \(size) bytes are no baseline; the limit is \(Baseline.maximumBytes)")
      }
      bytes = try Data(contentsOf: URL(fileURLWithPath: path))
    } catch let error as InputProblem {
      throw error
    } catch {
      throw InputProblem("\(path): the baseline cannot be read: \(error.readable); make it with leeway baseline fit")
    }
    do { return try Baseline(decoding: [UInt8](bytes)) } catch { throw InputProblem("\(path): \(error.description)") }
  }

  /// Writes a baseline so that a reader sees the old file or the new one, never a part.
  package static func write(_ baseline: inout Baseline, to path: String) throws {
    let bytes = baseline.encoded()
    do {
      try Data(bytes).write(to: URL(fileURLWithPath: path), options: .atomic)
    } catch {
      throw InputProblem("\(path): the baseline cannot be written: \(error.readable)")
    }
  }
}

/// The input or the configuration is wrong: exit code 1.
package struct InputProblem: Error, CustomStringConvertible {
  package var description: String

  package init(_ description: String) { self.description = description }
}

/// The broker, the database, the disk or the network failed: exit code 3.
package struct EnvironmentProblem: Error, CustomStringConvertible {
  package var description: String

  package init(_ description: String) { self.description = description }
}

extension Error {
  /// What the system says, without the type's own wrapping.
  var readable: String {
    let underlying = (self as NSError).userInfo[NSUnderlyingErrorKey] as? NSError
    if let underlying, underlying.domain == NSPOSIXErrorDomain { return String(cString: strerror(Int32(underlying.code))) }
    return (self as NSError).localizedDescription
  }
}
