/*
 * media/webrtc.h - a browser's side of a stream: the addresses that it proved, and the keys that DTLS makes with it
 *
 *   check ─► webrtc_checked(): a pair of addresses is good; the one that the browser nominates is selected ─► DTLS
 *   DTLS  ─► keys ─► the stream sends, and believes what it receives
 *   30 s without a check of the selected pair ─► nothing is sent any more (RFC 7675), until there is one
 *
 * The last nomination counts: who changes its network nominates anew, and at once. Voice and DTLS are taken from every
 * pair that was good, and sent to the selected one alone.
 *
 * Names, addresses and roles stand here as plain values. Keys do not: they are wiped once the stream's ciphers have
 * been made of them. Made by the switchboard with the stream, the worker's until it closes.
 */
#pragma once
#include "base/map.h"
#include "base/wheel.h"
#include "media/dtls.h"
#include "media/shared.h"

struct webrtc_pair {
	struct webrtc *rtc;
	const struct shared_socket *socket; /* NULL: a free place */
	struct endpoint remote;
	int64_t checked_us;
	struct map_node node; /* in shared.by_address */
};

struct webrtc_early {
	struct webrtc_early *next;
	size_t n;
	uint8_t bytes[];
};

struct webrtc {
	struct media_stream *stream;
	const struct dtls_context *context;
	struct ice ice;
	struct map_node by_ufrag;
	bool listed;
	struct webrtc_pair pairs[MEDIA_PAIRS_MAX];
	struct webrtc_pair *selected; /* where we send; NULL: nowhere */
	struct timer consent;

	bool client;
	struct media_fingerprint peer;
	/* What it said in DTLS before its description came: who answers our offer does not wait for us to read it. */
	struct webrtc_early *early;
	struct dtls *dtls; /* NULL: not begun, or long over */
	struct timer retry;
	int64_t ready_us;
	enum srtp_suite suite; /* of the keys that this association made; SRTP_NONE: none yet */
	bool told_secured, failed, told_failed;
};

/* At its opening; the first word of ours is in rtc->ice. */
void webrtc_open(struct webrtc *rtc);
void webrtc_close(struct webrtc *rtc);
/* What it holds beside itself; for webrtc_close(), and for streams whose worker has ended. */
void webrtc_done(struct webrtc *rtc);
void webrtc_apply(struct webrtc *rtc, const struct media_webrtc *settings);
/* An authentic check came by this way. */
void webrtc_checked(struct webrtc *rtc, const struct shared_socket *socket, const struct endpoint *from,
		    bool nominated);
/* This pair's address is another stream's now. */
void webrtc_forget(struct webrtc_pair *pair);
void webrtc_shake(struct webrtc_pair *pair, const uint8_t *p, size_t n);
/* Every few seconds: what is owed to the switchboard, and what is no longer needed. */
void webrtc_tick(struct webrtc *rtc);
