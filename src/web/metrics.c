/* web/metrics.c - /metrics: Prometheus' text form, version 0.0.4 */
#include <errno.h>

#include "web/route.h"

#define FIRST_BYTES ((size_t)64 * 1024)

void web_metrics_get(struct web_request *r)
{
	for (size_t cap = FIRST_BYTES; cap <= WEB_ANSWER_MAX; cap *= 2) {
		char *text = malloc(cap);
		if (!text)
			break;
		struct writer w = writer_on(text, cap);
		metrics_write(r->context->metrics, &w);
		if (!w.overflow) {
			web_answer_text(r, 200, "text/plain; version=0.0.4; charset=utf-8", text, w.n);
			return;
		}
		free(text);
	}
	web_problem(r, WEB_NO_MEMORY, NULL, "there is no memory for the figures");
}
