/* web/openapi.c - /api/v1/openapi.json: what this API is, for programs that read it */
#include "web/openapi.h"

#include "web/route.h"

void web_openapi_get(struct web_request *r)
{
	char *text = malloc(web_openapi_bytes);
	if (!text) {
		web_problem(r, WEB_NO_MEMORY, NULL, "there is no memory for the document");
		return;
	}
	memcpy(text, web_openapi, web_openapi_bytes);
	web_answer_text(r, 200, "application/json", text, web_openapi_bytes);
}
