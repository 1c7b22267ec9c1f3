// Linked only by `make sanitize`. Librdkafka uses the threads and locks of <threads.h>, which ThreadSanitizer does not
// know on Linux: such a thread has no state there and ends the process at the first line of Swift that it runs (the
// receiver of its log), and what such a lock orders looks like a race. Glibc makes them of POSIX threads, which
// ThreadSanitizer does know. So these definitions, which the linker prefers to glibc's, say the same through those.
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <threads.h>

static int status(int error) {
  switch (error) {
    case 0: return thrd_success;
    case EBUSY: return thrd_busy;
    case ENOMEM: return thrd_nomem;
    case ETIMEDOUT: return thrd_timedout;
    default: return thrd_error;
  }
}

struct start {
  thrd_start_t function;
  void *argument;
};

static void *run(void *opaque) {
  struct start start = *(struct start *)opaque;
  free(opaque);
  return (void *)(intptr_t)start.function(start.argument);
}

int thrd_create(thrd_t *thread, thrd_start_t function, void *argument) {
  struct start *start = malloc(sizeof *start);
  if (start == NULL) return thrd_nomem;
  start->function = function;
  start->argument = argument;
  int error = pthread_create(thread, NULL, run, start);
  if (error != 0) free(start);
  return status(error);
}

int thrd_join(thrd_t thread, int *result) {
  void *answer = NULL;
  int error = pthread_join(thread, &answer);
  if (result != NULL) *result = (int)(intptr_t)answer;
  return status(error);
}

int thrd_detach(thrd_t thread) { return status(pthread_detach(thread)); }

static pthread_mutex_t *mutex(mtx_t *lock) { return (pthread_mutex_t *)lock; }

int mtx_init(mtx_t *lock, int type) {
  pthread_mutexattr_t attributes;
  pthread_mutexattr_init(&attributes);
  if (type & mtx_recursive) pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_RECURSIVE);
  int error = pthread_mutex_init(mutex(lock), &attributes);
  pthread_mutexattr_destroy(&attributes);
  return status(error);
}

int mtx_lock(mtx_t *lock) { return status(pthread_mutex_lock(mutex(lock))); }
int mtx_trylock(mtx_t *lock) { return status(pthread_mutex_trylock(mutex(lock))); }
int mtx_unlock(mtx_t *lock) { return status(pthread_mutex_unlock(mutex(lock))); }
void mtx_destroy(mtx_t *lock) { pthread_mutex_destroy(mutex(lock)); }

static pthread_cond_t *condition(cnd_t *signal) { return (pthread_cond_t *)signal; }

int cnd_init(cnd_t *signal) { return status(pthread_cond_init(condition(signal), NULL)); }
int cnd_signal(cnd_t *signal) { return status(pthread_cond_signal(condition(signal))); }
int cnd_broadcast(cnd_t *signal) { return status(pthread_cond_broadcast(condition(signal))); }
int cnd_wait(cnd_t *signal, mtx_t *lock) { return status(pthread_cond_wait(condition(signal), mutex(lock))); }
int cnd_timedwait(cnd_t *restrict signal, mtx_t *restrict lock, const struct timespec *restrict until) {
  return status(pthread_cond_timedwait(condition(signal), mutex(lock), until));
}
void cnd_destroy(cnd_t *signal) { pthread_cond_destroy(condition(signal)); }
