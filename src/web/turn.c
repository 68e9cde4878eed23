/* web/turn.c - see turn.h */
#include "web/turn.h"

#include "crypto/hmac_sha1.h"
#include "net/loop.h"
#include "web/request.h"

void web_turn_password(struct slice secret, struct slice username, char ret[WEB_TURN_PASSWORD_CAP])
{
	struct hmac_sha1 h;
	uint8_t mac[HMAC_SHA1_BYTES];
	hmac_sha1_init(&h, (const uint8_t *)secret.p, secret.n);
	hmac_sha1(&h, (const uint8_t *)username.p, username.n, NULL, 0, mac);
	struct writer w = writer_on(ret, WEB_TURN_PASSWORD_CAP - 1);
	write_base64(&w, mac, sizeof(mac));
	ret[w.n] = 0;
}

json_t *web_ice_servers(const struct web_context *c, const char *name)
{
	const struct config *config = c->config;
	json_t *list = json_array();
	if (!list || !config->turn_count || !c->turn_secret || !*c->turn_secret)
		return list;
	char username[96], password[WEB_TURN_PASSWORD_CAP];
	int64_t until_us = loop_wheel(c->loop)->wall_us + WEB_TURN_US;
	snprintf(username, sizeof(username), "%lld:%.64s", (long long)(until_us / SECOND_US), name);
	web_turn_password(slice_from_string(c->turn_secret), slice_from_string(username), password);
	json_t *urls = json_array();
	bool ok = urls != NULL;
	for (size_t i = 0; ok && i < config->turn_count; i++)
		ok = json_array_append_new(urls, json_string(config->turn_urls[i])) == 0;
	json_t *server = WEB_OBJECT({"urls", urls}, {"username", json_string(username)},
				    {"credential", json_string(password)});
	if (ok && json_array_append_new(list, server) == 0)
		return list;
	if (!ok)
		json_decref(server);
	json_decref(list);
	return NULL;
}
