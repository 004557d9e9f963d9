#include "progress.h"
#include "clock.h"
#include "console.h"

#include <inttypes.h>

progress progress_begin(const options *o, uint64_t total, const char *unit) {
    const double now = clock_seconds();
    return (progress){.options = o, .total = total, .unit = unit, .start = now, .shown = now};
}

void progress_update(progress *p, uint64_t done) {
    const double now = clock_seconds();
    const uint32_t tenth = (uint32_t)(10 * done / p->total);
    if (tenth <= p->tenth || now - p->shown <= 1) return;
    p->tenth = tenth;
    p->shown = now;
    if (p->unit)
        console_note(p->options, "%" PRIu64 " of %" PRIu64 " %s, %.1f s", done, p->total, p->unit,
                     now - p->start);
    else
        console_note(p->options, "%" PRIu64 " %%, %.1f s", done, now - p->start);
}
