#pragma once
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

// Swift can't call variadic functions, and `rd_kafka_producev` is the only call that takes a timestamp and headers
// without an array of tagged unions. On success the library owns `headers`; on an error the caller still does.
static inline rd_kafka_resp_err_t leeway_rd_kafka_produce(rd_kafka_t *rk, const char *topic, int32_t partition,
                                                          const void *key, size_t key_length, const void *value,
                                                          size_t value_length, int64_t timestamp_ms,
                                                          rd_kafka_headers_t *headers, uintptr_t token) {
  if (headers)
    return rd_kafka_producev(rk, RD_KAFKA_V_TOPIC(topic), RD_KAFKA_V_PARTITION(partition),
                             RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_KEY(key, key_length),
                             RD_KAFKA_V_VALUE((void *)value, value_length), RD_KAFKA_V_TIMESTAMP(timestamp_ms),
                             RD_KAFKA_V_HEADERS(headers), RD_KAFKA_V_OPAQUE((void *)token), RD_KAFKA_V_END);
  return rd_kafka_producev(rk, RD_KAFKA_V_TOPIC(topic), RD_KAFKA_V_PARTITION(partition),
                           RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_KEY(key, key_length),
                           RD_KAFKA_V_VALUE((void *)value, value_length), RD_KAFKA_V_TIMESTAMP(timestamp_ms),
                           RD_KAFKA_V_OPAQUE((void *)token), RD_KAFKA_V_END);
}
