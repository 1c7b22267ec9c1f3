import LeewayConfiguration
package import LeewayCore

/// A file of what came from outside, as `/api/v1/inputs?monitor=` gives it: JSON Lines.
package enum InputsFile {
  private static let maximumBytes = 64 << 20

  /// - Throws: `InputProblem` that names the file and the line.
  package static func read(_ path: String, monitor: String) throws -> [DecisionRecord] {
    let bytes: [UInt8]
    do { bytes = try TextFile.bytes(at: path, limit: maximumBytes) } catch {
      throw InputProblem("\(path): the file of inputs \(error.problem)")
    }
    var records: [DecisionRecord] = []
    for (i, line) in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).enumerated()
    where !line.isEmpty {
      do {
        let record = try DecisionRecord(line: line)
        guard record.monitor == monitor else {
          throw InputProblem(
            "\(path):\(i + 1): is of the monitor \(record.monitor), not of \(monitor); "
              + "ask for /api/v1/inputs?monitor=\(monitor)")
        }
        records.append(record)
      } catch let failure as JSONFailure {
        throw InputProblem("\(path):\(i + 1): \(failure)")
      }
    }
    return records.sorted { $0.number < $1.number }
  }
}
