#include "leeway_simdjson.h"
