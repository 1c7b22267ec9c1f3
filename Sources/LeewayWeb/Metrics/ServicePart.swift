/// What of the service can stand still while the process lives; the values of `leeway_stalled`'s label.
package enum ServicePart: String, Sendable, CaseIterable {
  case intake, evaluation, delivery
}
