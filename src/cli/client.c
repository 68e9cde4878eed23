/* cli/client.c - libcurl to the unix socket; answers are JSON */
#include "cli/client.h"
#include <errno.h>

#include <curl/curl.h>

/* A page of 1000 calls is about 1 MiB. */
#define ANSWER_MAX ((size_t)16 * 1024 * 1024)
#define CONNECT_MS 5000L
#define ANSWER_MS 60000L

/* ---- paths ---- */

static void put(struct client_path *p, const char *bytes, size_t n)
{
	if (n >= sizeof(p->text) - p->n) {
		p->overflow = true;
		return;
	}
	memcpy(p->text + p->n, bytes, n);
	p->n += n;
	p->text[p->n] = 0;
}

static void put_encoded(struct client_path *p, const char *s)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~";
	for (; *s; s++) {
		char code[4];
		if (strchr(plain, *s)) {
			put(p, s, 1);
			continue;
		}
		snprintf(code, sizeof(code), "%%%02X", (unsigned)(unsigned char)*s);
		put(p, code, 3);
	}
}

void client_path(struct client_path *p, const char *resource)
{
	*p = (struct client_path){.n = 0};
	put(p, resource, strlen(resource));
}

void client_path_add(struct client_path *p, const char *part)
{
	put(p, "/", 1);
	put_encoded(p, part);
}

void client_parameter(struct client_path *p, const char *name, const char *value)
{
	if (!value)
		return;
	put(p, p->has_parameter ? "&" : "?", 1);
	p->has_parameter = true;
	put_encoded(p, name);
	put(p, "=", 1);
	put_encoded(p, value);
}

/* ---- one exchange ---- */

struct answer {
	char *text;
	size_t n;
};

static size_t take(char *bytes, size_t size, size_t count, void *arg)
{
	struct answer *a = arg;
	size_t n = size * count;
	if (n > ANSWER_MAX - a->n)
		return 0;
	char *grown = realloc(a->text, a->n + n + 1);
	if (!grown)
		return 0;
	memcpy(grown + a->n, bytes, n);
	a->text = grown;
	a->n += n;
	return n;
}

static int no_server(const struct cli *c, CURL *curl, CURLcode code)
{
	long os_error = 0;
	(void)curl_easy_getinfo(curl, CURLINFO_OS_ERRNO, &os_error);
	if (code == CURLE_OPERATION_TIMEDOUT)
		return cli_fail("the server at %s does not answer in time", c->socket);
	if (os_error == EACCES || os_error == EPERM)
		return cli_fail("no right to %s: run this as the user of `alto serve`, or as root", c->socket);
	return cli_fail("no server answers at %s: is `alto serve` running? (%s)", c->socket,
			os_error ? strerror((int)os_error) : curl_easy_strerror(code));
}

/* Exit status; *ret_status is HTTP's. */
static int exchange(const struct cli *c, CURL *curl, const char *method, const char *path, const char *body,
		    struct answer *ret, long *ret_status)
{
	char url[CLIENT_PATH_CAP + 32];
	snprintf(url, sizeof(url), "http://localhost%s", path);
	struct curl_slist *headers = curl_slist_append(NULL, "Content-Type: application/json");
	if (!headers)
		return cli_fail("out of memory");
	curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, c->socket);
	curl_easy_setopt(curl, CURLOPT_URL, url);
	curl_easy_setopt(curl, CURLOPT_PROXY, ""); /* whatever the environment says */
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_MS);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, ANSWER_MS);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, ret);
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
	if (body)
		curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body);
	curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
	CURLcode code = curl_easy_perform(curl);
	int status = code == CURLE_OK ? 0 : no_server(c, curl, code);
	(void)curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, ret_status);
	curl_slist_free_all(headers);
	return status;
}

/* Refusals become the one line on stderr. */
static int judge(long http_status, const struct answer *a, json_t **ret)
{
	json_t *value = a->n ? json_loadb(a->text, a->n, 0, NULL) : NULL;
	if (http_status >= 200 && http_status < 300 && (value || !a->n)) {
		*ret = value;
		return 0;
	}
	const char *detail = json_string_value(json_object_get(value, "detail"));
	int status = detail ? cli_fail("%s", detail)
			    : cli_fail("the server answered %ld without a reason", http_status);
	json_decref(value);
	return status;
}

int client_ask(const struct cli *c, const char *method, const struct client_path *path, json_t *body, json_t **ret)
{
	char *text = body ? json_dumps(body, JSON_COMPACT) : NULL;
	bool lost = body && !text;
	json_decref(body);
	CURL *curl = curl_easy_init();
	if (lost || !curl || path->overflow) {
		free(text);
		curl_easy_cleanup(curl);
		return cli_fail(path->overflow ? "what was given is too long" : "out of memory");
	}
	struct answer a = {NULL, 0};
	long http_status = 0;
	int status = exchange(c, curl, method, path->text, text, &a, &http_status);
	if (status == 0)
		status = judge(http_status, &a, ret);
	free(a.text);
	free(text);
	curl_easy_cleanup(curl);
	return status;
}

/* ---- listings ---- */

static int append_page(json_t *into, const json_t *page)
{
	const json_t *items = json_object_get(page, "items");
	for (size_t i = 0; i < json_array_size(items); i++)
		if (json_array_append(into, json_array_get(items, i)) < 0)
			return cli_fail("out of memory");
	return 0;
}

int client_remove(const struct cli *c, const struct client_path *path)
{
	json_t *answer = NULL;
	int status = client_ask(c, "DELETE", path, NULL, &answer);
	json_decref(answer);
	return status;
}

int client_list(const struct cli *c, const struct client_path *path, bool all, json_t **ret)
{
	json_t *items = json_array(), *next = NULL;
	const char *limit = c->options[CLI_LIMIT];
	bool more = true;
	int status = items ? 0 : cli_fail("out of memory");
	while (status == 0 && more) {
		struct client_path page_path = *path;
		client_parameter(&page_path, "limit", limit ? limit : all ? "1000" : NULL);
		client_parameter(&page_path, "cursor", next ? json_string_value(next) : c->options[CLI_CURSOR]);
		json_t *page = NULL;
		status = client_ask(c, "GET", &page_path, NULL, &page);
		json_decref(next);
		next = NULL;
		if (status == 0) {
			status = append_page(items, page);
			next = json_incref(json_object_get(page, "next"));
		}
		more = all && !limit && json_is_string(next);
		json_decref(page);
	}
	if (status == 0)
		*ret = json_pack("{s:O, s:O?}", "items", items, "next", next);
	json_decref(items);
	json_decref(next);
	return status;
}

int client_find_id(const struct cli *c, const struct client_path *path, const char *what, char ret_id[64])
{
	json_t *page = NULL;
	int status = client_ask(c, "GET", path, NULL, &page);
	if (status)
		return status;
	const json_t *first = json_array_get(json_object_get(page, "items"), 0);
	const char *id = json_string_value(json_object_get(first, "id"));
	if (id)
		snprintf(ret_id, 64, "%s", id);
	else
		status = cli_fail("there is no %s", what);
	json_decref(page);
	return status;
}
