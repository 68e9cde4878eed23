/* web/plain.h - HTTP in clear: proofs that a name is ours (RFC 8555 §8.3), and for all else the way to https */
#pragma once
#include "web/request.h"

/* Answers. Nobody is logged in here, and nothing of what was sent is read but method, path and Host. */
void web_plain_answer(struct web_request *r);
/* Where companies are served; 0: nowhere. */
uint16_t web_https_port(const struct web_context *c);
