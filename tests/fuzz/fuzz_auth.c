/*
 * fuzz_auth.c - a stranger tries to be Ann: her password is never said, so nothing of hers may be had
 *
 * Each line is METHOD and the value of an Authorization field, in which $ and a letter stand for what an attacker may
 * have: $n the nonce of the last challenge, $o the nonce that Ann used, $w the response that a wrong password gives for
 * this method, $b the response that Ann's password gives, but for a BYE, $a all of what Ann sent herself. A line `put
 * FIELD` changes the next request: who it says it is from.
 */
#include "fuzz/lines.h"
#include "fuzz/world.h"

#include "directory/directory_private.h"

#define LINES_MAX 16
#define VALUE_MAX 1024
#define URI "sip:acme.example"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* ---- credentials alone in their memory, so that a read behind them is seen ---- */

static struct kept {
	struct kept *next;
	char bytes[];
} * kept; /* until the input ends: what is parsed points there */

enum sip_parse __real_sip_credentials_parse(struct slice value, struct sip_credentials *ret, struct sip_reason *reterr);
enum sip_parse __wrap_sip_credentials_parse(struct slice value, struct sip_credentials *ret, struct sip_reason *reterr);

enum sip_parse __wrap_sip_credentials_parse(struct slice value, struct sip_credentials *ret, struct sip_reason *reterr)
{
	struct kept *copy = malloc(sizeof(*copy) + value.n);
	ASSERT(copy);
	copy->next = kept;
	kept = copy;
	if (value.n)
		memcpy(copy->bytes, value.p, value.n);
	return __real_sip_credentials_parse(slice_of(copy->bytes, value.n), ret, reterr);
}

static void forget_kept(void)
{
	for (struct kept *next; kept; kept = next) {
		next = kept->next;
		free(kept);
	}
}

/* ---- what an attacker may have ---- */

/* The nonce of the challenge that came last, or of Ann's credentials; both have the form of credentials. */
static struct slice nonce_of(struct slice credentials)
{
	struct sip_credentials c;
	struct sip_reason why;
	return sip_credentials_parse(credentials, &c, &why) == SIP_OK ? c.nonce : SLICE_NONE;
}

static struct slice challenge_of(struct sim_phone *p)
{
	static char bytes[sizeof(p->last_response)];
	struct sip_message msg;
	struct sip_reason why;
	size_t n = strlen(p->last_response);
	memcpy(bytes, p->last_response, n);
	if (n == 0 || sip_message_parse(bytes, n, &msg, &why) != SIP_OK)
		return SLICE_NONE;
	return sip_field_value(&msg, SIP_WWW_AUTHENTICATE);
}

static void write_response(struct writer *w, struct sim_phone *p, const char *password, struct slice method,
			   struct slice nonce)
{
	uint8_t ha1[SIP_HA1_BYTES];
	char response[64];
	sip_digest_ha1(p->hasher, SIP_DIGEST_MD5, SLICE("acme-10-desk"), SLICE(SWITCHBOARD_REALM),
		       slice_from_string(password), ha1);
	size_t n = sip_digest_response(p->hasher, SIP_DIGEST_MD5, ha1, method, SLICE(URI), nonce, SLICE("0a4f113b"), 1,
				       SLICE("auth"), response);
	write_slice(w, slice_of(response, n));
}

static void write_value(struct writer *w, struct world *world, struct slice method, struct slice form)
{
	struct sim_phone *ann = world->people[WORLD_ANN], *stranger = world->people[WORLD_STRANGER];
	struct slice nonce = nonce_of(challenge_of(stranger)), sent = slice_from_string(ann->authorization);
	for (size_t i = 0; i < form.n; i++) {
		char letter = form.p[i] == '$' && i + 1 < form.n ? form.p[i + 1] : 0;
		i += letter != 0;
		if (letter == 'n')
			write_slice(w, nonce);
		else if (letter == 'o')
			write_slice(w, nonce_of(sent));
		else if (letter == 'w')
			write_response(w, stranger, "guess", method, nonce);
		else if (letter == 'b')
			write_response(w, stranger, "secret10", SLICE("BYE"), nonce);
		else if (letter == 'a')
			write_slice(w, sent);
		else
			write_char(w, form.p[i]);
	}
}

static void attempt(struct world *w, struct slice line)
{
	char edit[VALUE_MAX];
	if (slice_starts(line, SLICE("put "))) {
		(void)world_edit(w, WORLD_STRANGER, line);
		return;
	}
	struct slice method = slice_cut(&line, ' ');
	struct writer e = writer_on(edit, sizeof(edit));
	write_string(&e, "add Authorization: ");
	write_value(&e, w, method, line);
	if (e.overflow || !world_edit(w, WORLD_STRANGER, writer_slice(&e)))
		return;
	world_raw(w, WORLD_STRANGER, method);
	sim_run(w->s, 100 * MS_US);
	ASSERT(w->s->sb->calls.used == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice rest = slice_of(data, size);
	struct world *w = world_new();
	struct sim_phone *ann = w->people[WORLD_ANN], *stranger = w->people[WORLD_STRANGER];
	size_t bindings = w->s->directory->bindings_by_id.count;
	world_raw(w, WORLD_STRANGER, SLICE("REGISTER"));
	sim_run(w->s, 100 * MS_US);
	ASSERT(stranger->statuses[401] == 1);
	for (unsigned i = 0; i < LINES_MAX && !slice_empty(rest); i++)
		attempt(w, slice_cut(&rest, '\n'));
	ASSERT(w->s->directory->bindings_by_id.count == bindings);
	/* Whatever he tried, Ann is let in, and known on her connection. */
	phone_register(ann, 600);
	sim_run(w->s, SECOND_US);
	ASSERT(ann->register_status == 200);
	unsigned challenges = ann->statuses[401];
	(void)phone_dial(ann, "20");
	sim_run(w->s, 100 * MS_US);
	ASSERT(w->s->sb->calls.used == 1 && ann->statuses[401] == challenges);
	world_free(w);
	forget_kept();
	return 0;
}

#define ANN "Digest username=\"acme-10-desk\", realm=\"alto\", uri=\"" URI "\", "
const char *const lines_words[] = {
	"REGISTER " ANN "nonce=\"$n\", response=\"$w\", algorithm=MD5, cnonce=\"0a4f113b\", nc=00000001, qop=auth",
	"REGISTER " ANN "nonce=\"$n\", response=\"$b\", algorithm=MD5, cnonce=\"0a4f113b\", nc=00000001, qop=auth",
	"REGISTER " ANN "nonce=\"$o\", response=\"$w\", algorithm=MD5, cnonce=\"0a4f113b\", nc=00000002, qop=auth",
	"REGISTER " ANN "nonce=\"$n\", response=\"\"",
	"REGISTER " ANN "nonce=\"$n\", response=\"$w\"",
	"REGISTER " ANN "nonce=\"$n\", response=\"$w\", algorithm=SHA-256, cnonce=\"\", nc=00000001, qop=auth-int",
	"REGISTER $a",
	"INVITE $a",
	"INVITE " ANN "nonce=\"$n\", response=\"$b\", algorithm=MD5, cnonce=\"0a4f113b\", nc=ffffffff, qop=\"auth\"",
	"INVITE Digest username=\"nobody\", realm=\"alto\", nonce=\"$n\", uri=\"sip:20@x\", response=\"$w\"",
	"OPTIONS Basic QWxhZGRpbjpvcGVu",
	"put From: <sip:acme-10-desk@acme.example>;tag=1",
	NULL,
};
