/*
 * fuzz_offer.c - offers and answers of two phones, as they are written down, through the policy of a whole call
 *
 * The first line has words of what the phones do: browser (Ann is at one), early, reliable, late (the offer comes in
 * the 200), operator (who calls Ann, instead of Ann the desk), glare (the first changes meet 491), refuse (488), old
 * (405 to UPDATE), disowns (the same, though they allow it), mute (no answer to a change), timer (sessions are
 * refreshed, and time passes). Then come descriptions, each ended by a line "--", which take the places of the phones'
 * own in the order in which they are sent: Ann calls, Bob answers, then each changes the session in turn by re-INVITE
 * and UPDATE until no description is left.
 */
#include "fuzz/lines.h"
#include "fuzz/world.h"

#define CHANGES_MAX 8

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool says(struct slice words, struct slice word)
{
	while (!slice_empty(words))
		if (slice_eq(slice_cut(&words, ' '), word))
			return true;
	return false;
}

static void set_up(struct sim_phone *p, struct slice words)
{
	bool timer = says(words, SLICE("timer")), old = says(words, SLICE("old"));
	p->reliable = says(words, SLICE("reliable"));
	p->glares = says(words, SLICE("glare")) ? 2 : 0;
	p->reinvite_status = says(words, SLICE("mute")) ? 0 : says(words, SLICE("refuse")) ? 488 : 200;
	p->update_status = old || says(words, SLICE("disowns")) ? 405 : p->reinvite_status;
	(void)snprintf(p->says, sizeof(p->says), "%sAllow: INVITE, ACK, BYE%s\r\n",
		       timer ? "Supported: timer\r\nSession-Expires: 90;refresher=uas\r\n" : "", old ? "" : ", UPDATE");
}

static void change(struct phone_call *c, unsigned turn)
{
	if (!c->used || !c->up || c->ended || !c->dialog.confirmed)
		return;
	if (turn % 4 < 2)
		phone_reinvite(c, turn == 4);
	else
		phone_update(c, false, "");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice rest = slice_of(data, size), words = slice_cut(&rest, '\n');
	struct world *w = world_new();
	if (says(words, SLICE("browser")))
		world_at_browser(w);
	bool from_outside = says(words, SLICE("operator"));
	struct sim_phone *caller = w->people[from_outside ? WORLD_OPERATOR : WORLD_ANN];
	struct sim_phone *callee = w->people[from_outside ? WORLD_ANN : WORLD_DESK];
	callee->answer_ms = 200;
	callee->early = says(words, SLICE("early"));
	caller->no_body = says(words, SLICE("late"));
	set_up(caller, words);
	set_up(callee, words);
	w->bodies = rest;
	struct phone_call *call = phone_dial(caller, from_outside ? "+33142685300" : "20");
	sim_run(w->s, 2 * SECOND_US);
	for (unsigned i = 0; i < CHANGES_MAX && !slice_empty(w->bodies); i++) {
		change(i % 2 ? phone_last(callee) : call, i);
		sim_run(w->s, SECOND_US);
	}
	if (says(words, SLICE("timer")))
		sim_run(w->s, 300 * SECOND_US);
	if (call->up && !call->ended)
		phone_hang_up(call);
	world_free(w);
	return 0;
}

const char *const lines_words[] = {
	"--",
	"early reliable",
	"late",
	"operator",
	"glare",
	"refuse timer",
	"old",
	"disowns",
	"mute timer",
	"browser",
	"browser operator",
	"v=0",
	"o=- 1 1 IN IP4 192.0.2.77",
	"s=-",
	"c=IN IP4 192.0.2.77",
	"c=IN IP6 2001:db8::1",
	"c=IN IP4 0.0.0.0",
	"t=0 0",
	"m=audio 7000 RTP/AVP 8 0 101",
	"m=audio 7000 RTP/SAVP 8 0 101",
	"m=audio 7000 RTP/AVP 9 96 97",
	"m=audio 0 RTP/AVP 8",
	"m=audio 65535 RTP/SAVP 0",
	"m=video 7002 RTP/AVP 99",
	"m=image 7004 udptl t38",
	"a=rtpmap:96 opus/48000/2",
	"a=rtpmap:97 iLBC/8000",
	"a=rtpmap:101 telephone-event/8000",
	"a=rtpmap:9 G722/8000",
	"a=fmtp:101 0-16",
	"a=fmtp:96 useinbandfec=1",
	"a=sendonly",
	"a=recvonly",
	"a=inactive",
	"a=sendrecv",
	"a=rtcp-mux",
	"a=rtcp:7005 IN IP4 192.0.2.78",
	"a=ptime:20",
	"a=maxptime:60",
	"a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz|2^20|1:4",
	"a=crypto:2 AEAD_AES_128_GCM inline:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGw==",
	"a=crypto:3 AES_CM_128_HMAC_SHA1_32 inline:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
	"a=crypto:4 AEAD_AES_256_GCM inline:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKis= KDR=1",
	"a=crypto:5 AES_CM_128_HMAC_SHA1_80 inline:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA|2^48",
	"a=crypto:6 AES_CM_128_HMAC_SHA1_80 inline:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA|65536",
	"a=crypto:7 AES_CM_128_HMAC_SHA1_80 inline:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA WSH=64",
	"a=crypto:8 AES_CM_128_HMAC_SHA1_80 inline:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA UNENCRYPTED_SRTP",
	"a=crypto:9 AEAD_AES_128_GCM inline:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGw",
	"a=crypto:10 AES_256_CM_HMAC_SHA1_80 inline:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLQ==",
	"m=audio 9 UDP/TLS/RTP/SAVPF 111 9 0 8 110",
	"a=rtpmap:111 opus/48000/2",
	"a=group:BUNDLE 0",
	"a=mid:0",
	"a=ice-ufrag:annB",
	"a=ice-pwd:asd88fgpdd777uzjYhagZg",
	"a=ice-lite",
	"a=setup:actpass",
	"a=setup:active",
	"a=setup:passive",
	"a=setup:holdconn",
	"a=fingerprint:sha-1 4A:AD:B9:B1:3F:82:18:3B:54:02:12:DF:3E:5D:49:6B:19:E5:7C:AB",
	NULL,
};
