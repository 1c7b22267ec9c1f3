// The files of Sources/LeewayWeb, embedded when the package is built.
#pragma once
#include <stddef.h>

struct web_file {
  const char *path;             // inside Sources/LeewayWeb, as Page/app.js
  const unsigned char *bytes;   // UTF-8, ended by a 0 that the file does not have
};

size_t web_file_count(void);

// place: from 0 to web_file_count() - 1.
const struct web_file *web_file_at(size_t place);
