/* call/party.c - names and numbers of people, for SIP: see party.h */
#include "call/party.h"
#include "sip/message.h"

struct party party_of_device(const struct directory_device *d)
{
	const struct directory_user *u = d->user;
	return (struct party){.tenant = u->tenant, .device = d, .uri = u->extension, .name = u->name};
}

bool party_number(const struct sip_uri *uri, char ret[NUMBER_CAP])
{
	char user[64];
	size_t n;
	return uri->scheme != SIP_SCHEME_OTHER && sip_user_unescape(uri->user, user, sizeof(user), &n) &&
	       number_read(slice_of(user, n), ret);
}

size_t party_letter(struct slice s)
{
	uint8_t c = (uint8_t)s.p[0];
	bool control = c < 0x20 || c == 0x7f || (c == 0xc2 && s.n > 1 && (uint8_t)s.p[1] < 0xa0); /* up to U+009F */
	return control ? 0 : slice_character(s);
}

struct slice party_name_read(struct slice display, char buf[PARTY_NAME_MAX])
{
	char plain[4 * PARTY_NAME_MAX];
	size_t n = 0;
	struct writer w = writer_on(buf, PARTY_NAME_MAX);
	if (!sip_unquote(display, plain, sizeof(plain), &n))
		return SLICE_NONE;
	for (struct slice s = slice_of(plain, n); s.n;) {
		size_t letter = party_letter(s);
		if (letter > w.cap - w.n)
			break;
		write_slice(&w, slice_first(s, letter));
		s = slice_from(s, MAX(letter, (size_t)1));
	}
	return slice_trim(writer_slice(&w));
}

void party_write(char ret[PARTY_TEXT_CAP], struct slice name, struct slice user, struct slice host)
{
	struct writer w = writer_on(ret, PARTY_TEXT_CAP - 1);
	bool named = name.n && name.n <= PARTY_NAME_MAX; /* not cut in the middle of a letter, but left out */
	bool v6 = slice_find(host, ':') >= 0;
	write_string(&w, named ? "\"" : "");
	for (size_t i = 0; named && i < name.n; i++) {
		if (name.p[i] == '"' || name.p[i] == '\\')
			write_char(&w, '\\');
		write_char(&w, name.p[i]);
	}
	write_string(&w, named ? "\" <sip:" : "<sip:");
	write_slice(&w, user);
	write_string(&w, v6 ? "@[" : "@");
	write_slice(&w, host);
	write_string(&w, v6 ? "]>" : ">");
	ret[w.overflow ? 0 : w.n] = 0;
}

void party_write_from(char ret[PARTY_TEXT_CAP], const struct party *p, struct slice host)
{
	if (slice_empty(p->uri))
		party_write(ret, SLICE("Anonymous"), SLICE("anonymous"), SLICE("anonymous.invalid"));
	else
		party_write(ret, p->name, p->uri, host);
}
