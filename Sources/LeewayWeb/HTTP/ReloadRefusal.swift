/// Why a reload changed nothing.
package struct ReloadRefusal: Error, Sendable, Equatable, CustomStringConvertible {
  /// One for every mistake, those of files as `FILE:LINE:COLUMN: what is wrong, and the fix`.
  package var problems: [String]
  /// Whether asking again, with the same files, may succeed.
  package var isTransient: Bool

  package init(problems: [String]) {
    self.problems = problems
    isTransient = false
  }

  /// Something that has nothing to do with what is in the files.
  package init(_ problem: String) {
    problems = [problem]
    isTransient = true
  }

  package var description: String { problems.joined(separator: "\n") }
}
