import Foundation
package import LeewayCore

extension InstanceIdentity {
  /// As other instances and people see this one.
  package static let ofThisProcess = InstanceIdentity(host: ProcessInfo.processInfo.hostName, process: getpid())
}
