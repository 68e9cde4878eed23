/* web/health.c - /healthz: may this node be given new calls? 200, or 503 with the reason in a sentence */
#include "call/switchboard.h"
#include "net/loop.h"
#include "web/route.h"

static void answer(struct web_request *r, int status, const char *sentence)
{
	char line[300];
	int n = snprintf(line, sizeof(line), "%s\n", sentence);
	char *text = slice_dup(slice_of(line, (size_t)n));
	web_answer_text(r, text ? status : 503, "text/plain; charset=utf-8", text, text ? (size_t)n : 0);
}

void web_health_get(struct web_request *r)
{
	struct store_health store;
	struct switchboard_figures calls;
	store_health(r->context->store, loop_wheel(r->context->loop)->now_us, &store);
	switchboard_figures(r->context->switchboard, &calls);
	if (*store.trouble)
		answer(r, 503, store.trouble);
	else if (*calls.trouble)
		answer(r, 503, calls.trouble);
	else
		answer(r, 200, "ok");
}
