#if LEEWAY_SANITIZE_THREAD
  package import Glibc

  /// The standard library's `Mutex` on a `pthread_mutex_t`, only for `make sanitize`. On Linux the standard library's
  /// own waits in a futex, which ThreadSanitizer does not see: it would take every contended use of one for a race.
  ///
  /// `@unchecked Sendable`: it owns both places in memory, and touches `value` only between locking and unlocking.
  package struct Mutex<Value: ~Copyable>: ~Copyable, @unchecked Sendable {
    private let lock: UnsafeMutablePointer<pthread_mutex_t>
    private let value: UnsafeMutablePointer<Value>

    package init(_ initialValue: consuming sending Value) {
      lock = .allocate(capacity: 1)
      pthread_mutex_init(lock, nil)
      value = .allocate(capacity: 1)
      value.initialize(to: initialValue)
    }

    deinit {
      pthread_mutex_destroy(lock)
      lock.deallocate()
      value.deinitialize(count: 1)
      value.deallocate()
    }

    package borrowing func withLock<Result: ~Copyable, Failure: Error>(
      _ body: (inout sending Value) throws(Failure) -> sending Result
    ) throws(Failure) -> sending Result {
      pthread_mutex_lock(lock)
      defer { pthread_mutex_unlock(lock) }
      return try body(&value.pointee)
    }
  }
#else
  package import Synchronization

  /// The standard library's. Its name stands only here, so that `make sanitize` can put one in its place that
  /// ThreadSanitizer understands; whoever needs an `Atomic` too imports that one declaration.
  package typealias Mutex<Value: ~Copyable> = Synchronization.Mutex<Value>
#endif
