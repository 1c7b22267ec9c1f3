/// The broker, the database, the disk or the network failed: exit code 3.
package struct EnvironmentProblem: Error, CustomStringConvertible {
  package var description: String
  /// Whether it may be gone when the same is tried again.
  package var mayPass: Bool

  package init(_ description: String, mayPass: Bool = false) {
    self.description = description
    self.mayPass = mayPass
  }
}
