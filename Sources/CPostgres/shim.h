#pragma once
#include <libpq-fe.h>

// libpq has no variadic functions; what it says only with macros, Swift cannot read. These are the codes by which the
// server names the columns of an error (PG_DIAG_...), characters in C and integers here.

static inline const char *leeway_pg_sqlstate(const PGresult *result) {
  return PQresultErrorField(result, PG_DIAG_SQLSTATE);
}

static inline const char *leeway_pg_primary_message(const PGresult *result) {
  return PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
}
