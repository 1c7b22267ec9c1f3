import Foundation
import Glibc

/// A PostgreSQL server and those of its processes that live.
struct ServerProcesses {
  private let postmaster: Int

  /// nil if no server runs on the data in that folder.
  init?(folder: String) {
    guard let text = try? String(contentsOfFile: "\(folder)/data/postmaster.pid", encoding: .utf8),
      let number = text.split(separator: "\n").first.flatMap({ Int($0) })
    else { return nil }
    postmaster = number
  }

  /// Of all of them together.
  func processorSeconds() -> Double {
    let processes = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
    var ticks = 0
    for name in processes.compactMap({ Int($0) }) {
      guard let text = try? String(contentsOfFile: "/proc/\(name)/stat", encoding: .utf8),
        let end = text.lastIndex(of: ")")
      else { continue }
      // Behind the name in brackets: state, parent, … and as the 12th and 13th the ticks of the process and for it.
      let fields = text[text.index(after: end)...].split(separator: " ")
      guard fields.count > 12, name == postmaster || Int(fields[1]) == postmaster else { continue }
      ticks += (Int(fields[11]) ?? 0) + (Int(fields[12]) ?? 0)
    }
    return Double(ticks) / Double(max(sysconf(Int32(_SC_CLK_TCK)), 1))
  }
}
