import CAllocationCount
import Glibc

/// What a piece of work cost this thread.
struct Measurement {
  /// Of the processor, so that a busy machine weighs less.
  var seconds: Double
  var allocations: UInt64

  static func of(_ body: () throws -> Void) rethrows -> Measurement {
    let allocations = leeway_allocation_count()
    let start = processorSeconds(CLOCK_THREAD_CPUTIME_ID)
    try body()
    return Measurement(
      seconds: processorSeconds(CLOCK_THREAD_CPUTIME_ID) - start, allocations: leeway_allocation_count() - allocations)
  }

  /// Of all threads of this process, unless another clock is named.
  static func processorSeconds(_ clock: clockid_t = CLOCK_PROCESS_CPUTIME_ID) -> Double {
    var time = timespec()
    clock_gettime(clock, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }

  /// The most memory that this process has had.
  static func peakResidentMegabytes() -> Double {
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    return Double(usage.ru_maxrss) / 1024
  }
}
