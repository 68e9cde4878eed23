/* web/openapi.c - /api/v1/openapi.json: what this API is, for programs that read it */
#include "web/openapi.h"

#include "web/kind.h"
#include "web/route.h"

void web_openapi_get(struct web_request *r)
{
	char *etag = web_alloc(r, WEB_ETAG_CAP);
	if (!etag)
		return;
	web_etag_write(0, slice_of(web_openapi, web_openapi_bytes), etag);
	r->answer.etag = etag;
	if (web_etag_is_known(r->if_none_match, etag)) {
		web_answer_text(r, 304, NULL, NULL, 0);
		return;
	}
	char *text = malloc(web_openapi_bytes);
	if (!text) {
		web_problem(r, WEB_NO_MEMORY, NULL, "there is no memory for the document");
		return;
	}
	memcpy(text, web_openapi, web_openapi_bytes);
	web_answer_text(r, 200, "application/json", text, web_openapi_bytes);
}
