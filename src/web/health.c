/* web/health.c - /healthz: may this node be given new calls? 200, or 503 with the reason in a sentence */
#include "call/switchboard.h"
#include "net/loop.h"
#include "web/route.h"

static void answer(struct web_request *r, int status, const char *sentence)
{
	char line[WARNING_TEXT_CAP + 1];
	int n = snprintf(line, sizeof(line), "%s\n", sentence);
	char *text = slice_dup(slice_of(line, (size_t)n));
	web_answer_text(r, text ? status : 503, "text/plain; charset=utf-8", text, text ? (size_t)n : 0);
}

void web_health_get(struct web_request *r)
{
	char why[WARNING_TEXT_CAP];
	struct store_health store;
	struct switchboard_figures calls;
	store_health(r->context->store, loop_wheel(r->context->loop)->now_us, &store);
	switchboard_figures(r->context->switchboard, &calls);
	if (store.trouble.kind)
		answer(r, 503, warning_text(&store.trouble, why));
	else if (calls.trouble.kind)
		answer(r, 503, warning_text(&calls.trouble, why));
	else
		answer(r, 200, "ok");
}
