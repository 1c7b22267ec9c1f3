/// The service's own version, as the command line, the API and `leeway_build_info` say it.
package enum ServiceVersion {
  package static let text = "0.1.0"
}
