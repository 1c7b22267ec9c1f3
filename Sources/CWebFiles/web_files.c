// One entry for each file. `#embed` leaves the bytes to the C compiler, which copies them: the whole target builds in a
// second, and again whenever a file changes, since the compiler lists embedded files among those that the object depends
// on. SwiftPM's `.embedInCode` writes an array literal, for which the Swift compiler took a minute and a half.
#include "web_files.h"

#ifndef __has_embed
#error "this compiler has no #embed; Leeway needs Swift 6.2 or newer, whose clang has it"
#endif

static const struct web_file files[] = {
    {"Page/index.html", (const unsigned char[]){
#embed "../LeewayWeb/Page/index.html" suffix(, 0)
     }},
    {"Page/style.css", (const unsigned char[]){
#embed "../LeewayWeb/Page/style.css" suffix(, 0)
     }},
    {"Page/icon.svg", (const unsigned char[]){
#embed "../LeewayWeb/Page/icon.svg" suffix(, 0)
     }},
    {"Page/app.js", (const unsigned char[]){
#embed "../LeewayWeb/Page/app.js" suffix(, 0)
     }},
};

size_t web_file_count(void) { return sizeof files / sizeof files[0]; }
const struct web_file *web_file_at(size_t place) { return &files[place]; }
