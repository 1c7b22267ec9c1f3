// One entry for each file. `#embed` leaves the bytes to the C compiler, which copies them: the target builds in a second
// or two, and again whenever a file changes, since the compiler lists embedded files among those that the object depends
// on. SwiftPM's `.embedInCode` writes an array literal, over which the Swift compiler sits for a minute and a half.
#include "web_files.h"

#ifndef __has_embed
#error "this compiler has no #embed; Leeway needs Swift 6.2 or newer, whose clang has it"
#endif

// d3 comes from Debian's packages, whose minified modules need no tool to be put together: each adds its functions to
// the global `d3`, in this order. deploy/setup.sh installs them.
#if !__has_embed("/usr/share/nodejs/d3-axis/dist/d3-axis.min.js")
#error "d3 is missing: run deploy/setup.sh build, or install node-d3-axis, node-d3-scale, node-d3-selection, node-d3-shape"
#endif

static const struct web_file files[] = {
    {"Page/index.html", (const unsigned char[]){
#embed "../LeewayWeb/Page/index.html" suffix(, 0)
     }},
    {"Page/theme.css", (const unsigned char[]){
#embed "../LeewayWeb/Page/theme.css" suffix(, 0)
     }},
    {"Page/style.css", (const unsigned char[]){
#embed "../LeewayWeb/Page/style.css" suffix(, 0)
     }},
    {"Page/parts/shell.css", (const unsigned char[]){
#embed "../LeewayWeb/Page/parts/shell.css" suffix(, 0)
     }},
    {"Page/pages/pages.css", (const unsigned char[]){
#embed "../LeewayWeb/Page/pages/pages.css" suffix(, 0)
     }},
    {"Page/pages/fleet.css", (const unsigned char[]){
#embed "../LeewayWeb/Page/pages/fleet.css" suffix(, 0)
     }},
    {"Page/pages/incident.css", (const unsigned char[]){
#embed "../LeewayWeb/Page/pages/incident.css" suffix(, 0)
     }},
    {"Page/charts/charts.css", (const unsigned char[]){
#embed "../LeewayWeb/Page/charts/charts.css" suffix(, 0)
     }},
    {"Page/icon.svg", (const unsigned char[]){
#embed "../LeewayWeb/Page/icon.svg" suffix(, 0)
     }},
    {"Page/licences.txt", (const unsigned char[]){
#embed "../LeewayWeb/Page/licences.txt" suffix(, 0)
     }},
    {"Page/app.js", (const unsigned char[]){
#embed "../LeewayWeb/Page/app.js" suffix(, 0)
     }},
    {"Page/charts/cursor.js", (const unsigned char[]){
#embed "../LeewayWeb/Page/charts/cursor.js" suffix(, 0)
     }},
    {"Page/charts/d3.js", (const unsigned char[]){
#embed "/usr/share/nodejs/d3-array/dist/d3-array.min.js" suffix(, '\n', )
#embed "/usr/share/nodejs/d3-collection/dist/d3-collection.min.js" suffix(, '\n', )
#embed "/usr/share/nodejs/d3-color/dist/d3-color.min.js" suffix(, '\n', )
#embed "/usr/share/nodejs/d3-format/dist/d3-format.min.js" suffix(, '\n', )
#embed "/usr/share/nodejs/d3-interpolate/dist/d3-interpolate.min.js" suffix(, '\n', )
#embed "/usr/share/nodejs/d3-path/dist/d3-path.min.js" suffix(, '\n', )
#embed "/usr/share/nodejs/d3-time/dist/d3-time.min.js" suffix(, '\n', )
#embed "/usr/share/nodejs/d3-time-format/dist/d3-time-format.min.js" suffix(, '\n', )
#embed "/usr/share/nodejs/d3-scale/dist/d3-scale.min.js" suffix(, '\n', )
#embed "/usr/share/nodejs/d3-selection/dist/d3-selection.min.js" suffix(, '\n', )
#embed "/usr/share/nodejs/d3-axis/dist/d3-axis.min.js" suffix(, '\n', )
#embed "/usr/share/nodejs/d3-shape/dist/d3-shape.min.js" suffix(, '\n', )
#embed "../LeewayWeb/Page/charts/d3.js" suffix(, 0)
     }},
    {"Page/charts/differences.js", (const unsigned char[]){
#embed "../LeewayWeb/Page/charts/differences.js" suffix(, 0)
     }},
    {"Page/charts/figure.js", (const unsigned char[]){
#embed "../LeewayWeb/Page/charts/figure.js" suffix(, 0)
     }},
    {"Page/charts/heatmap.js", (const unsigned char[]){
#embed "../LeewayWeb/Page/charts/heatmap.js" suffix(, 0)
     }},
    {"Page/charts/histogram.js", (const unsigned char[]){
#embed "../LeewayWeb/Page/charts/histogram.js" suffix(, 0)
     }},
    {"Page/charts/reliability.js", (const unsigned char[]){
#embed "../LeewayWeb/Page/charts/reliability.js" suffix(, 0)
     }},
    {"Page/charts/series.js", (const unsigned char[]){
#embed "../LeewayWeb/Page/charts/series.js" suffix(, 0)
     }},
    {"Page/charts/whisker.js", (const unsigned char[]){
#embed "../LeewayWeb/Page/charts/whisker.js" suffix(, 0)
     }},
    {"Page/pages/audit.js", (const unsigned char[]){
#embed "../LeewayWeb/Page/pages/audit.js" suffix(, 0)
     }},
    {"Page/pages/compare.js", (const unsigned char[]){
#embed "../LeewayWeb/Page/pages/compare.js" suffix(, 0)
     }},
    {"Page/pages/decisions.js", (const unsigned char[]){
#embed "../LeewayWeb/Page/pages/decisions.js" suffix(, 0)
     }},
    {"Page/pages/fleet.js", (const unsigned char[]){
#embed "../LeewayWeb/Page/pages/fleet.js" suffix(, 0)
     }},
    {"Page/pages/incident.js", (const unsigned char[]){
#embed "../LeewayWeb/Page/pages/incident.js" suffix(, 0)
     }},
    {"Page/pages/incidents.js", (const unsigned char[]){
#embed "../LeewayWeb/Page/pages/incidents.js" suffix(, 0)
     }},
    {"Page/pages/monitor.js", (const unsigned char[]){
#embed "../LeewayWeb/Page/pages/monitor.js" suffix(, 0)
     }},
    {"Page/pages/service.js", (const unsigned char[]){
#embed "../LeewayWeb/Page/pages/service.js" suffix(, 0)
     }},
    {"Page/pages/silences.js", (const unsigned char[]){
#embed "../LeewayWeb/Page/pages/silences.js" suffix(, 0)
     }},
    {"Page/parts/acts.js", (const unsigned char[]){
#embed "../LeewayWeb/Page/parts/acts.js" suffix(, 0)
     }},
    {"Page/parts/address.js", (const unsigned char[]){
#embed "../LeewayWeb/Page/parts/address.js" suffix(, 0)
     }},
    {"Page/parts/api.js", (const unsigned char[]){
#embed "../LeewayWeb/Page/parts/api.js" suffix(, 0)
     }},
    {"Page/parts/checks.js", (const unsigned char[]){
#embed "../LeewayWeb/Page/parts/checks.js" suffix(, 0)
     }},
    {"Page/parts/elements.js", (const unsigned char[]){
#embed "../LeewayWeb/Page/parts/elements.js" suffix(, 0)
     }},
    {"Page/parts/evidence.js", (const unsigned char[]){
#embed "../LeewayWeb/Page/parts/evidence.js" suffix(, 0)
     }},
    {"Page/parts/explore.js", (const unsigned char[]){
#embed "../LeewayWeb/Page/parts/explore.js" suffix(, 0)
     }},
    {"Page/parts/headline.js", (const unsigned char[]){
#embed "../LeewayWeb/Page/parts/headline.js" suffix(, 0)
     }},
    {"Page/parts/history.js", (const unsigned char[]){
#embed "../LeewayWeb/Page/parts/history.js" suffix(, 0)
     }},
    {"Page/parts/instances.js", (const unsigned char[]){
#embed "../LeewayWeb/Page/parts/instances.js" suffix(, 0)
     }},
    {"Page/parts/lines.js", (const unsigned char[]){
#embed "../LeewayWeb/Page/parts/lines.js" suffix(, 0)
     }},
    {"Page/parts/need.js", (const unsigned char[]){
#embed "../LeewayWeb/Page/parts/need.js" suffix(, 0)
     }},
    {"Page/parts/overall.js", (const unsigned char[]){
#embed "../LeewayWeb/Page/parts/overall.js" suffix(, 0)
     }},
    {"Page/parts/requests.js", (const unsigned char[]){
#embed "../LeewayWeb/Page/parts/requests.js" suffix(, 0)
     }},
    {"Page/parts/scorecard.js", (const unsigned char[]){
#embed "../LeewayWeb/Page/parts/scorecard.js" suffix(, 0)
     }},
    {"Page/parts/state.js", (const unsigned char[]){
#embed "../LeewayWeb/Page/parts/state.js" suffix(, 0)
     }},
    {"Page/parts/strip.js", (const unsigned char[]){
#embed "../LeewayWeb/Page/parts/strip.js" suffix(, 0)
     }},
    {"Page/parts/tables.js", (const unsigned char[]){
#embed "../LeewayWeb/Page/parts/tables.js" suffix(, 0)
     }},
    {"Page/parts/tiers.js", (const unsigned char[]){
#embed "../LeewayWeb/Page/parts/tiers.js" suffix(, 0)
     }},
    {"Page/parts/trouble.js", (const unsigned char[]){
#embed "../LeewayWeb/Page/parts/trouble.js" suffix(, 0)
     }},
    {"Page/parts/verdicts.js", (const unsigned char[]){
#embed "../LeewayWeb/Page/parts/verdicts.js" suffix(, 0)
     }},
    {"Page/parts/words.js", (const unsigned char[]){
#embed "../LeewayWeb/Page/parts/words.js" suffix(, 0)
     }},
    {"OpenAPI/document.json", (const unsigned char[]){
#embed "../LeewayWeb/OpenAPI/document.json" suffix(, 0)
     }},
    {"OpenAPI/paths/monitors.json", (const unsigned char[]){
#embed "../LeewayWeb/OpenAPI/paths/monitors.json" suffix(, 0)
     }},
    {"OpenAPI/paths/decisions.json", (const unsigned char[]){
#embed "../LeewayWeb/OpenAPI/paths/decisions.json" suffix(, 0)
     }},
    {"OpenAPI/paths/service.json", (const unsigned char[]){
#embed "../LeewayWeb/OpenAPI/paths/service.json" suffix(, 0)
     }},
    {"OpenAPI/components.json", (const unsigned char[]){
#embed "../LeewayWeb/OpenAPI/components.json" suffix(, 0)
     }},
    {"OpenAPI/schemas/monitors.json", (const unsigned char[]){
#embed "../LeewayWeb/OpenAPI/schemas/monitors.json" suffix(, 0)
     }},
    {"OpenAPI/schemas/results.json", (const unsigned char[]){
#embed "../LeewayWeb/OpenAPI/schemas/results.json" suffix(, 0)
     }},
    {"OpenAPI/schemas/decisions.json", (const unsigned char[]){
#embed "../LeewayWeb/OpenAPI/schemas/decisions.json" suffix(, 0)
     }},
    {"OpenAPI/schemas/notifications.json", (const unsigned char[]){
#embed "../LeewayWeb/OpenAPI/schemas/notifications.json" suffix(, 0)
     }},
};

size_t web_file_count(void) { return sizeof files / sizeof files[0]; }
const struct web_file *web_file_at(size_t place) { return &files[place]; }
