#include <sys/socket.h>

#include "fixture.h"

/* What the phone reports. block: NULL for none. */
static void phone_report(struct phone *p, bool mux, const struct rtcp_report_block *block, uint64_t ntp)
{
	uint8_t bytes[512];
	struct rtcp_own own = {.ssrc = p->ssrc,
			       .ntp = ntp,
			       .packets = ntp ? 1 : 0,
			       .bytes = 160,
			       .block = block,
			       .cname = SLICE("phone")};
	size_t n = rtcp_write(bytes, sizeof(bytes) - SRTP_TRAILER_MAX, &own);
	assert_true(n > 0);
	if (p->send)
		assert_int_equal(srtcp_protect(p->send, bytes, n, sizeof(bytes), &n), SRTP_OK);

	const struct address *to = mux ? &p->to : &p->rtcp_to;
	struct sockaddr_storage name;
	uint32_t length;
	address_to_sockaddr(to, &name, &length);
	assert_int_equal(sendto(mux ? p->rtp : p->rtcp, bytes, n, 0, (struct sockaddr *)&name, length), n);
}

static void check_exchange(struct call *c, bool mux, uint64_t refused_before)
{
	struct rtcp_report report;

	say_and_hear(&c->a, &c->b, 1);
	c->a.sequence++; /* lost on the way to us */
	say_and_hear(&c->a, &c->b, 2);
	say_and_hear(&c->b, &c->a, 3);
	uint32_t ours = c->a.packet.ssrc, timestamp = c->a.packet.timestamp;
	/* The phone's SR, then ours which answers it. */
	phone_report(&c->a, mux, NULL, UINT64_C(0x1111222233334444));
	fixture_sync(&c->f);
	fixture_advance(&c->f, MEDIA_REPORT_US);
	phone_hear_report(&c->a, mux, &report);
	assert_int_equal(report.sender_ssrc, ours);
	assert_true(report.has_sender);
	assert_int_equal(report.packets, 1);
	assert_int_equal(report.bytes, 160);
	assert_int_equal(report.rtp_timestamp - timestamp, 5 * 8000);
	assert_int_equal(report.block_count, 1);
	const struct rtcp_report_block *block = &report.blocks[0];
	assert_int_equal(block->ssrc, c->a.ssrc);
	assert_int_equal(block->lost, 1);
	assert_int_equal(block->fraction_lost, 256 / 3);
	assert_int_equal(block->highest & 0xffff, 1002);
	assert_int_equal(block->last_sr, 0x22223333);
	assert_int_equal(block->delay_since_sr, 5 * 65536);
	assert_false(report.bye);

	/* The phone says how it heard us; one about somebody else says nothing. */
	struct rtcp_report_block back = {.ssrc = ours, .lost = 7, .last_sr = (uint32_t)(report.ntp >> 16)};
	phone_report(&c->a, mux, &back, 0);
	back.ssrc++;
	back.lost = 99;
	phone_report(&c->a, mux, &back, 0);
	say_and_hear(&c->a, &c->b, 4);
	fixture_sync(&c->f);
	fixture_sync(&c->f);
	struct media_figures figures = fixture_close(&c->f, c->sa);
	assert_int_equal(figures.remote_lost, 7);
	assert_int_equal(figures.lost_packets, 1);
	assert_int_equal(figures.refused_packets, refused_before);
	assert_true(figures.round_trip_us < 10 * SECOND_US);
	/* Nothing was sent since: a receiver's report, with goodbye. */
	phone_hear_report(&c->a, mux, &report);
	assert_false(report.has_sender);
	assert_true(report.bye);
}

static void test_own_port(void **state)
{
	struct call c;

	call_start(&c);
	check_exchange(&c, false, 0);
	call_done(&c);
}

static void test_shared_port(void **state)
{
	struct call c;

	call_start(&c);
	c.set_a.rtcp_mux = true;
	assert_int_equal(media_set(c.f.media, c.sa, &c.set_a), 0);
	fixture_sync(&c.f);
	phone_report(&c.a, false, NULL, 0); /* on a port of its own, which was given up */
	fixture_sync(&c.f);
	fixture_advance(&c.f, SECOND_US);
	assert_int_equal(atomic_load(&c.f.media->metrics.refused[REFUSED_SOURCE].value), 1);
	check_exchange(&c, true, 1);
	call_done(&c);
}

static void test_encrypted(void **state)
{
	struct call c;

	call_start(&c);
	phone_secure(&c.f, &c.a, c.sa, &c.set_a, SRTP_AES_CM_128_HMAC_SHA1_80, 1);
	check_exchange(&c, false, 0);
	call_done(&c);
}

static void test_refused(void **state)
{
	struct call c;
	struct phone forger;
	struct rtcp_report_block block = {.lost = 9};

	call_start(&c);
	phone_open(&forger, 0xffff);
	forger.rtcp_to = c.a.rtcp_to;
	say_and_hear(&c.b, &c.a, 1);
	block.ssrc = c.a.packet.ssrc;
	phone_report(&c.a, true, &block, 0);     /* on the voice's port, which was not agreed */
	phone_report(&c.a, false, NULL, 0);      /* its own port is known from here on */
	phone_report(&forger, false, &block, 0); /* from elsewhere */
	struct sockaddr_storage name;
	uint32_t length;
	address_to_sockaddr(&c.a.rtcp_to, &name, &length);
	assert_int_equal(sendto(c.a.rtcp, "\x80\xc8\0\0", 4, 0, (struct sockaddr *)&name, length), 4);
	for (unsigned i = 0; i < 3; i++)
		fixture_sync(&c.f);
	struct media_figures figures = fixture_close(&c.f, c.sa);
	assert_int_equal(figures.refused_packets, 3);
	assert_int_equal(figures.remote_lost, 0);
	phone_done(&forger);
	call_done(&c);
}

/* Behind a NAT the port of reports is learned too: in the window, or later from the host that the voice comes from. */
static void test_port_learned(void **state)
{
	struct call c;
	struct rtcp_report report;
	struct phone other;

	call_start(&c);
	phone_open_at(&other, 5, SLICE("127.0.0.2"));
	other.rtcp_to = c.a.rtcp_to;
	c.set_a.remote_rtcp.port = 9;
	c.set_a.remote.port = 9;
	c.set_a.learn = true;
	assert_int_equal(media_set(c.f.media, c.sa, &c.set_a), 0);
	fixture_sync(&c.f);
	say_and_hear(&c.a, &c.b, 1);
	fixture_advance(&c.f, MEDIA_LEARN_US);
	phone_report(&other, false, NULL, 0);
	phone_report(&c.a, false, NULL, 0);
	fixture_sync(&c.f);
	fixture_advance(&c.f, 2 * MEDIA_REPORT_US);
	phone_hear_report(&c.a, false, &report);
	assert_int_equal(fixture_close(&c.f, c.sa).refused_packets, 1);
	phone_done(&other);
	call_done(&c);
}

/* With a key, a report in clear changes nothing, and one that authenticates from a new port moves ours there. */
static void test_encrypted_moves(void **state)
{
	struct call c;
	struct phone moved;
	struct rtcp_report report;
	struct rtcp_report_block block = {.lost = 9};

	call_start(&c);
	phone_secure(&c.f, &c.a, c.sa, &c.set_a, SRTP_AEAD_AES_128_GCM, 1);
	phone_open(&moved, c.a.ssrc);
	moved.to = c.a.to;
	moved.rtcp_to = c.a.rtcp_to;
	say_and_hear(&c.b, &c.a, 1);
	block.ssrc = c.a.packet.ssrc;
	phone_report(&moved, false, &block, 0); /* in clear */
	phone_key(&moved, &c.set_a.receive_key, &c.set_a.send_key);
	block.lost = 3;
	phone_report(&moved, false, &block, 0);
	fixture_sync(&c.f);
	fixture_advance(&c.f, MEDIA_REPORT_US);
	phone_hear_report(&moved, false, &report);
	struct media_figures figures = fixture_close(&c.f, c.sa);
	assert_int_equal(figures.refused_packets, 1);
	assert_int_equal(figures.remote_lost, 3);
	phone_done(&moved);
	call_done(&c);
}

/* The old key's reports count until the new key is used. */
static void test_key_change(void **state)
{
	struct call c;
	struct rtcp_report_block block = {.lost = 5};

	call_start(&c);
	phone_secure(&c.f, &c.a, c.sa, &c.set_a, SRTP_AEAD_AES_128_GCM, 1);
	say_and_hear(&c.b, &c.a, 1);
	block.ssrc = c.a.packet.ssrc;
	make_key(&c.set_a.receive_key, SRTP_AEAD_AES_128_GCM, 3);
	assert_int_equal(media_set(c.f.media, c.sa, &c.set_a), 0);
	fixture_sync(&c.f);
	phone_report(&c.a, false, &block, 0);
	fixture_sync(&c.f);
	fixture_sync(&c.f);
	struct media_figures figures = fixture_close(&c.f, c.sa);
	assert_int_equal(figures.remote_lost, 5);
	assert_int_equal(figures.refused_packets, 0);
	call_done(&c);
}

/* RFC 3550 §6.3.7 */
static void test_no_goodbye_without_a_word(void **state)
{
	struct call c;
	char byte;

	call_start(&c);
	fixture_close(&c.f, c.sa);
	assert_int_equal(recv(c.a.rtcp, &byte, 1, 0), -1);
	call_done(&c);
}

static void test_figures(void **state)
{
	struct call c;

	call_start(&c);
	say_and_hear(&c.a, &c.b, 1);
	fixture_advance(&c.f, MEDIA_FIGURES_US);
	const struct media_event *event = fixture_event(&c.f, c.sa, MEDIA_FIGURES);
	assert_int_equal(event->figures.received_packets, 1);
	assert_int_equal(fixture_event(&c.f, c.sb, MEDIA_FIGURES)->figures.sent_packets, 1);
	/* Nothing new, nothing told. */
	fixture_forget(&c.f);
	fixture_advance(&c.f, MEDIA_FIGURES_US);
	fixture_turn(&c.f);
	assert_int_equal(fixture_count(&c.f, c.sa, MEDIA_FIGURES), 0);
	say_and_hear(&c.a, &c.b, 2);
	fixture_advance(&c.f, MEDIA_FIGURES_US);
	assert_int_equal(fixture_event(&c.f, c.sa, MEDIA_FIGURES)->figures.received_packets, 2);
	call_done(&c);
}

static void advance_by_ticks(struct fixture *f, int64_t us)
{
	for (int64_t k = 0; k < us; k += MEDIA_FIGURES_US)
		fixture_advance(f, MEDIA_FIGURES_US);
}

static void test_silence(void **state)
{
	struct call c;

	call_start(&c);
	say_and_hear(&c.a, &c.b, 1);
	fixture_event(&c.f, c.sa, MEDIA_STARTED);
	advance_by_ticks(&c.f, MEDIA_SILENT_US - MEDIA_FIGURES_US);
	phone_report(&c.b, false, NULL, 0); /* RTCP alone keeps b alive */
	fixture_sync(&c.f);
	fixture_sync(&c.f);
	assert_int_equal(fixture_count(&c.f, c.sa, MEDIA_SILENT), 0);
	advance_by_ticks(&c.f, 2 * MEDIA_FIGURES_US);
	fixture_event(&c.f, c.sa, MEDIA_SILENT);
	assert_int_equal(fixture_count(&c.f, c.sb, MEDIA_SILENT), 0);
	/* Who lived when asked may be gone a minute later: once a minute, for as long as it lasts. */
	fixture_forget(&c.f);
	advance_by_ticks(&c.f, MEDIA_SILENT_US - 2 * MEDIA_FIGURES_US);
	assert_int_equal(fixture_count(&c.f, c.sa, MEDIA_SILENT), 0);
	advance_by_ticks(&c.f, 2 * MEDIA_FIGURES_US);
	fixture_event(&c.f, c.sa, MEDIA_SILENT);
	say_and_hear(&c.a, &c.b, 2);
	fixture_event(&c.f, c.sa, MEDIA_STARTED);
	/* Not while held, in either direction, and not counted from before. */
	for (unsigned i = 0; i < 2; i++) {
		*(i ? &c.set_a.receive : &c.set_a.send) = false;
		assert_int_equal(media_set(c.f.media, c.sa, &c.set_a), 0);
		fixture_sync(&c.f);
		fixture_forget(&c.f);
		advance_by_ticks(&c.f, 2 * MEDIA_SILENT_US);
		c.set_a.send = c.set_a.receive = true;
		assert_int_equal(media_set(c.f.media, c.sa, &c.set_a), 0);
		fixture_sync(&c.f);
		fixture_advance(&c.f, MEDIA_FIGURES_US);
		assert_int_equal(fixture_count(&c.f, c.sa, MEDIA_SILENT), 0);
	}
	advance_by_ticks(&c.f, MEDIA_SILENT_US);
	fixture_event(&c.f, c.sa, MEDIA_SILENT);
	call_done(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_own_port),        cmocka_unit_test(test_shared_port),
		cmocka_unit_test(test_encrypted),       cmocka_unit_test(test_refused),
		cmocka_unit_test(test_figures),         cmocka_unit_test(test_silence),
		cmocka_unit_test(test_encrypted_moves), cmocka_unit_test(test_port_learned),
		cmocka_unit_test(test_key_change),      cmocka_unit_test(test_no_goodbye_without_a_word),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
