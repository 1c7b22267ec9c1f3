/// The input or the configuration is wrong: exit code 1.
package struct InputProblem: Error, CustomStringConvertible {
  package var description: String

  package init(_ description: String) { self.description = description }
}
