/* media/setup.c - the workers made, started and ended, and what they are measured by */
#include <errno.h>
#include <sched.h>

#include "media/private.h"
#include "media/transcode.h"

const struct media_tuning media_tuning_default = {
	.learn_us = MEDIA_LEARN_US,
	.learn_quiet_us = MEDIA_LEARN_QUIET_US,
	.report_us = MEDIA_REPORT_US,
	.figures_us = MEDIA_FIGURES_US,
	.silent_us = MEDIA_SILENT_US,
	.rest_us = MEDIA_REST_US,
	.dtls_retry_us = DTLS_RETRY_US,
	.events_max = MEDIA_EVENTS_MAX,
	.crossing_max = MEDIA_CROSSING_MAX,
};

static unsigned cores(void)
{
	cpu_set_t set;
	if (sched_getaffinity(0, sizeof(set), &set) < 0)
		return 1;
	return (unsigned)CPU_COUNT(&set);
}

static void name_metrics(struct media *m)
{
	static const char *const reasons[REFUSAL_COUNT] = {
		[REFUSED_MALFORMED] = "reason=\"malformed\"", [REFUSED_SOURCE] = "reason=\"source\"",
		[REFUSED_PAYLOAD] = "reason=\"payload\"",     [REFUSED_AUTH] = "reason=\"auth\"",
		[REFUSED_REPLAY] = "reason=\"replay\"",       [REFUSED_MAPPING] = "reason=\"mapping\"",
	};
	struct worker_metrics *w = &m->metrics;

	w->received = (struct metric){.name = "alto_media_packets_received_total", .help = "Voice packets taken"};
	w->sent = (struct metric){.name = "alto_media_packets_sent_total", .help = "Voice packets sent"};
	w->unsent = (struct metric){.name = "alto_media_packets_unsent_total",
				    .help = "Packets that the kernel or the cipher did not take"};
	w->crossing_dropped = (struct metric){.name = "alto_media_crossing_dropped_total",
					      .help = "Packets lost because the ring to another worker was full"};
	w->digits = (struct metric){.name = "alto_media_digits_total", .help = "DTMF digits sent as events"};
	w->digits_dropped = (struct metric){.name = "alto_media_digits_dropped_total",
					    .help = "DTMF digits dropped: too many waited, or nothing may be sent"};
	for (size_t i = 0; i < REFUSAL_COUNT; i++)
		w->refused[i] = (struct metric){.name = "alto_media_packets_refused_total",
						.labels = reasons[i],
						.help = "Packets received and not used"};
	m->streams = (struct metric){
		.name = "alto_media_streams", .kind = METRIC_GAUGE, .help = "Streams that are open"};
	m->pairs = (struct metric){
		.name = "alto_media_port_pairs", .kind = METRIC_GAUGE, .help = "Pairs of sockets that are open"};
	m->ports_exhausted = (struct metric){.name = "alto_media_ports_exhausted_total",
					     .help = "Streams refused because no port or no room was left"};
}

static int make_worker(struct media *m, unsigned i)
{
	struct worker *w = calloc(1, sizeof(*w));
	if (!w)
		return -ENOMEM;
	m->workers[i] = w;
	w->index = i;
	w->count = m->worker_count;
	w->all = m->workers;
	w->tuning = &m->tuning;
	w->ssrc_key = m->ssrc_key;
	w->metrics = &m->metrics;
	w->waker = m->waker;
	w->streams_max = m->config.streams_max;
	w->directs_max = m->config.directs_max / m->worker_count;
	w->has_shared = m->dtls;
	return worker_init(w);
}

static int start_workers(struct media *m)
{
	int rc = 0;

	for (unsigned i = 0; i < m->worker_count && rc == 0; i++)
		rc = make_worker(m, i);
	for (unsigned i = 0; i < m->worker_count && rc == 0; i++) {
		rc = worker_start(m->workers[i]);
		if (rc < 0) {
			while (i-- > 0)
				worker_stop(m->workers[i]);
		}
	}
	if (rc == 0)
		return 0;
	for (unsigned i = 0; i < m->worker_count && m->workers[i]; i++) {
		worker_done(m->workers[i]);
		free(m->workers[i]);
	}
	return rc;
}

/*
 * A browser's port is the worker's place from the upper end of the range, so that whoever opens a firewall knows it
 * before the first call.
 */
static int prepare_browsers(struct media *m, const struct tls_identity *identity)
{
	char fingerprint[TLS_FINGERPRINT_CAP];

	if (m->config.port_high - m->config.port_low <= (int)m->worker_count)
		return -EINVAL;
	for (unsigned i = 0; i < m->worker_count; i++)
		m->shared[i].port = m->config.port_high--;
	tls_identity_fingerprint(identity, fingerprint);
	(void)snprintf(m->fingerprint, sizeof(m->fingerprint), "sha-256 %s", fingerprint);
	return dtls_context_new(identity, &m->dtls);
}

int media_new_tuned(struct loop *loop, const struct media_config *config, const struct media_tuning *tuning,
		    struct media **ret)
{
	struct media *m = calloc(1, sizeof(*m));
	if (!m)
		return -ENOMEM;
	ASSERT(config->streams_max > 0);
	thread_owner_take(&m->thread);
	m->loop = loop;
	m->config = *config;
	m->tuning = *tuning;
	m->worker_count = MIN(config->workers ? config->workers : cores(), MEDIA_WORKERS_MAX);
	random_init(&m->random);
	random_bytes(&m->random, m->hash_key, sizeof(m->hash_key));
	random_bytes(&m->random, m->ssrc_key, sizeof(m->ssrc_key));
	pool_init(&m->entries, sizeof(struct entry), config->streams_max);
	name_metrics(m);
	int rc = config->identity ? prepare_browsers(m, config->identity) : 0;
	m->config.identity = NULL; /* borrowed */
	struct ports_config ports = {.low = m->config.port_low,
				     .high = m->config.port_high,
				     .ahead = MIN(config->ports_ahead, config->streams_max / 4),
				     .most = config->streams_max,
				     .rest_us = tuning->rest_us};
	if (rc == 0)
		rc = opus_tables_new(&m->tables);
	if (rc == 0)
		rc = ports_init(&m->ports, &ports, &m->random);
	if (rc < 0)
		goto failed;
	rc = loop_waker_new(loop, media_events_came, m, &m->waker);
	if (rc < 0)
		goto failed;
	rc = start_workers(m);
	if (rc < 0) {
		loop_waker_close(m->waker);
		goto failed;
	}
	m->flush = (struct loop_flush){.fn = media_turn_ends, .arg = m};
	loop_add_flush(loop, &m->flush);
	timer_init(&m->later, media_later_due, m);
	*ret = m;
	return 0;
failed:
	opus_tables_free(m->tables);
	dtls_context_free(m->dtls);
	pool_done(&m->entries);
	free(m);
	return rc;
}

int media_new(struct loop *loop, const struct media_config *config, struct media **ret)
{
	return media_new_tuned(loop, config, &media_tuning_default, ret);
}

static void drop_commands(struct worker *w)
{
	struct command c;

	while (ring_pop(w->commands, &c)) {
		if (c.kind == COMMAND_SET) {
			srtp_free(c.set.send_cipher);
			srtp_free(c.set.receive_cipher);
		} else if (c.kind == COMMAND_JOIN) {
			transcoder_free(c.join.transcoder);
		}
	}
}

struct media *media_free(struct media *m)
{
	uint32_t cursor = 0;
	struct entry *e;

	if (!m)
		return NULL;
	ASSERT_ON(m->thread);
	for (unsigned i = 0; i < m->worker_count; i++)
		worker_stop(m->workers[i]);
	while ((e = pool_next(&m->entries, &cursor))) {
		srtp_free(e->stream.send_cipher);
		srtp_free(e->stream.receive_cipher);
		srtp_free(e->stream.receive_before);
		srtp_free(e->stream.spent);
		transcoder_free(e->stream.transcoder);
		if (e->stream.webrtc)
			webrtc_done(e->stream.webrtc);
		media_entry_release(m, e, false);
	}
	for (unsigned i = 0; i < m->worker_count; i++) {
		drop_commands(m->workers[i]);
		worker_done(m->workers[i]);
		free(m->workers[i]);
	}
	timer_stop(loop_wheel(m->loop), &m->later);
	loop_remove_flush(m->loop, &m->flush);
	loop_waker_close(m->waker);
	ports_done(&m->ports);
	shared_ports_close(m);
	opus_tables_free(m->tables);
	dtls_context_free(m->dtls);
	pool_done(&m->entries);
	free(m);
	return NULL;
}

void media_metrics(struct media *m, struct metrics *metrics)
{
	metrics_add(metrics, &m->metrics.received);
	metrics_add(metrics, &m->metrics.sent);
	metrics_add(metrics, &m->metrics.unsent);
	metrics_add(metrics, &m->metrics.crossing_dropped);
	metrics_add(metrics, &m->metrics.digits);
	metrics_add(metrics, &m->metrics.digits_dropped);
	for (size_t i = 0; i < REFUSAL_COUNT; i++)
		metrics_add(metrics, &m->metrics.refused[i]);
	metrics_add(metrics, &m->streams);
	metrics_add(metrics, &m->pairs);
	metrics_add(metrics, &m->ports_exhausted);
}
