/* bench/agent_account.c - the accounts of agent.h: REGISTER, challenges and credentials.   RFC 3261 §10, RFC 7616 */
#include "bench/agent_private.h"
#include <sys/epoll.h>

#define NO_LEG UINT32_MAX /* in the place of a generation: Call-IDs of registrations are no call's */

static enum sip_digest_algorithm algorithm_of(const struct agent *a)
{
	return a->config.sha256 ? SIP_DIGEST_SHA256 : SIP_DIGEST_MD5;
}

/* Take over what a challenge says; the next credentials start counting anew. */
bool account_challenge(struct agent *a, struct account *account, struct slice challenge)
{
	struct slice realm = glance_parameter(challenge, SLICE("realm"));
	struct slice nonce = glance_parameter(challenge, SLICE("nonce"));
	if (!realm.n || !nonce.n || realm.n >= sizeof(account->realm) || nonce.n >= sizeof(account->nonce))
		return false;
	if (!account->challenged || !slice_eq(realm, slice_from_string(account->realm))) {
		slice_to_string(realm, account->realm, sizeof(account->realm));
		sip_digest_ha1(a->hasher, algorithm_of(a), slice_from_string(account->username), realm,
			       slice_from_string(a->config.password), account->ha1);
	}
	slice_to_string(nonce, account->nonce, sizeof(account->nonce));
	account->nonce_count = 0;
	account->qop = glance_parameter(challenge, SLICE("qop")).n > 0;
	account->challenged = true;
	return true;
}

void write_authorization(struct agent *a, struct writer *w, struct account *account, struct slice method,
			 struct slice uri)
{
	if (!account->challenged)
		return;
	struct slice nonce = slice_from_string(account->nonce), cnonce = SLICE("7d0b6c1f");
	uint32_t count = ++account->nonce_count;
	char response[64];
	size_t n = sip_digest_response(a->hasher, algorithm_of(a), account->ha1, method, uri, nonce, cnonce, count,
				       account->qop ? SLICE("auth") : SLICE_NONE, response);
	write_slice(w, SLICE("Authorization: Digest username=\""));
	write_string(w, account->username);
	write_slice(w, SLICE("\", realm=\""));
	write_string(w, account->realm);
	write_slice(w, SLICE("\", nonce=\""));
	write_slice(w, nonce);
	write_slice(w, SLICE("\", uri=\""));
	write_slice(w, uri);
	write_slice(w, SLICE("\", response=\""));
	write_slice(w, slice_of(response, n));
	write_slice(w, a->config.sha256 ? SLICE("\", algorithm=SHA-256") : SLICE("\", algorithm=MD5"));
	if (account->qop) {
		write_slice(w, SLICE(", cnonce=\""));
		write_slice(w, cnonce);
		write_slice(w, SLICE("\", qop=auth, nc="));
		write_hex(w,
			  (uint8_t[4]){(uint8_t)(count >> 24), (uint8_t)(count >> 16), (uint8_t)(count >> 8),
				       (uint8_t)count},
			  4);
	}
	write_slice(w, SLICE("\r\n"));
}

static void send_register(struct agent *a, struct account *account, bool with_credentials)
{
	struct wire *wire = account->wire;
	char uri_text[96];
	struct writer uri = writer_on(uri_text, sizeof(uri_text));
	write_slice(&uri, SLICE("sip:"));
	write_string(&uri, a->config.domain);

	struct writer w = wire_begin(wire);
	write_slice(&w, SLICE("REGISTER "));
	write_slice(&w, writer_slice(&uri));
	write_slice(&w, SLICE(" SIP/2.0\r\nVia: "));
	wire_write_via(&w, wire);
	write_slice(&w, SLICE(";branch=z9hG4bKr"));
	write_leg_name(a, &w, account->number, account->cseq);
	write_slice(&w, SLICE("\r\nFrom: <sip:"));
	write_string(&w, account->extension);
	write_char(&w, '@');
	write_string(&w, a->config.domain);
	write_slice(&w, SLICE(">;tag=r"));
	write_leg_name(a, &w, account->number, account->cseq);
	write_slice(&w, SLICE("\r\nTo: <sip:"));
	write_string(&w, account->extension);
	write_char(&w, '@');
	write_string(&w, a->config.domain);
	write_slice(&w, SLICE(">\r\nCall-ID: "));
	write_leg_name(a, &w, account->number, NO_LEG);
	write_slice(&w, SLICE("\r\nCSeq: "));
	write_u64(&w, account->cseq);
	write_slice(&w, SLICE(" REGISTER\r\nContact: <sip:"));
	write_string(&w, account->extension);
	write_char(&w, '@');
	write_address_with_port(&w, &wire->local);
	wire_write_contact_transport(&w, wire);
	write_slice(&w, SLICE(">\r\nExpires: 600\r\nMax-Forwards: 70\r\n"));
	if (with_credentials)
		write_authorization(a, &w, account, SLICE("REGISTER"), writer_slice(&uri));
	write_body(&w, SLICE_NONE);
	wire_end(wire, &w, &a->config.server);
}

static void account_end(struct agent *a, struct account *account, bool good)
{
	wait_stop(a, &account->waiting);
	account->busy = false;
	account->ended = true;
	if (account->number > a->oldest)
		a->counts.overtaken = MAX(a->counts.overtaken, account->number - a->oldest);
	while (a->oldest < agent_accounts(a) && a->accounts[a->oldest].ended)
		a->oldest++;
	account->cseq += account->cseq % 2; /* the next one is odd again */
	if (!good) {
		a->counts.registrations_failed++;
		return;
	}
	a->counts.registrations++;
	latency_add(&a->register_times, a->now_us - account->started_us);
	a->registered += !account->registered;
	account->registered = true;
}

/* A host has a hundred connections at most: what a server allows one address is not what is measured. */
#define CONNECTIONS_A_HOST 100

static bool connect_own(struct agent *a, struct account *account)
{
	struct address from = a->config.caller;
	unsigned host = account->number / CONNECTIONS_A_HOST;
	from.port = 0;
	from.ip[14] = (uint8_t)(from.ip[14] + 1 + host / 200);
	from.ip[15] = (uint8_t)(1 + host % 200);
	account->wire = wire_connect(&from, &a->config.server);
	struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.ptr = account};
	if (account->wire && epoll_ctl(a->connections, EPOLL_CTL_ADD, account->wire->fd, &event) == 0)
		return true;
	account->wire = wire_free(account->wire);
	return false;
}

static void account_begin(struct agent *a, struct account *account)
{
	account->busy = true;
	account->cseq++;
	account->started_us = a->now_us;
	a->counts.registrations_started++;
	if (!account->wire && !connect_own(a, account)) {
		account_end(a, account, false);
		return;
	}
	send_register(a, account, false);
	wait_answer(a, &account->waiting, account->wire);
}

bool agent_register(struct agent *a, int64_t now_us)
{
	unsigned count = a->config.callers + a->config.callees;
	a->now_us = now_us;
	for (unsigned i = 0; i < count; i++) {
		struct account *account = &a->accounts[a->next_account++ % count];
		if (account->busy)
			continue;
		account_begin(a, account);
		return true;
	}
	return false;
}

void account_due(struct agent *a, struct account *account)
{
	if (wait_longer(a, &account->waiting))
		send_register(a, account, account->cseq % 2 == 0);
	else
		account_end(a, account, false);
}

void account_connection_ended(struct agent *a, struct account *account)
{
	a->counts.connections_ended++;
	account->wire = wire_free(account->wire);
	if (account->busy)
		account_end(a, account, false);
}

/* An odd CSeq asks for the challenge, the even one after it answers it. */
void account_input(struct agent *a, const struct glance *g)
{
	uint32_t number, unused;
	if (!read_leg_name(a, g->call_id, &number, &unused) || number >= a->config.callers + a->config.callees) {
		a->counts.strays++;
		return;
	}
	struct account *account = &a->accounts[number];
	if (!account->busy || g->cseq != account->cseq || g->status < 200)
		return;
	if (g->status == 401 && account->cseq % 2 && account_challenge(a, account, g->challenge)) {
		account->cseq++;
		send_register(a, account, true);
		wait_answer(a, &account->waiting, account->wire);
		return;
	}
	if (g->status != 200)
		a->counts.last_status = g->status;
	account_end(a, account, g->status == 200);
}
