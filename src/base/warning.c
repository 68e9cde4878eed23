/* base/warning.c - see base/warning.h */
#include "base/warning.h"

#include <stdarg.h>

#include "base/clock.h"
#include "base/sentence.h"
#include "base/writer.h"

/* {since:time} is a value of the kind, with its type if it is no text. Names and types stand in openapi.json, and the
 * console has a sentence for each kind in its own languages. */
static const struct {
	const char *name, *english;
} kinds[WARNING_KINDS] = {
	[WARNING_NONE] = {"none", ""},
	[WARNING_IN_CLEAR] = {"in-clear", "Signalling is in clear on {transport} {address}: who listens on the way "
					  "reads numbers and may read voice keys."},
	[WARNING_PLAIN_VOICE] = {"plain-voice",
				 "Unencrypted voice is allowed on this node for devices that have srtp off."},
	[WARNING_SELF_SIGNED] = {"self-signed", "The certificate is self-signed: phones and browsers must be told its "
						"fingerprint, or not to check it."},
	[WARNING_NOT_YET_VALID] = {"not-yet-valid",
				   "The certificate is not valid before {at:time}: phones and browsers refuse it."},
	[WARNING_EXPIRED] = {"expired", "The certificate has expired: phones and browsers refuse it."},
	[WARNING_EXPIRES] = {"expires", "The certificate expires in {days:number} days."},
	[WARNING_CERTIFICATE_NOT_READ] = {"certificate-not-read",
					  "The certificate was not read anew, the old one is in use: {reason:reason}"},
	[WARNING_CERTIFICATE_FAILED] = {"certificate-failed", "The certificate for {domain}: {reason:reason}."},
	[WARNING_CERTIFICATES_FAILED] = {"certificates-failed", "The certificate for {domain} (so it is with "
								"{more:number} more): {reason:reason}."},
	[WARNING_FEW_DESCRIPTORS] = {"few-descriptors",
				     "Only {allowed:number} descriptors are allowed, which is enough for "
				     "{calls:number} calls and {connections:number} connections; raise the limit "
				     "(ulimit -n {wanted:number}, or LimitNOFILE in the service) to use all of "
				     "media.ports."},
	[WARNING_DATA_OPEN] = {"data-open", "The data directory is open to others (mode {mode}): chmod 0700 {path}"},
	[WARNING_ROOT] = {"root", "Alto runs as root, and so would whoever breaks into it: name a user in the "
				  "configuration (user: alto), or start it as one."},
	[WARNING_CONSOLE_MISSING] = {"console-missing", "The console in {path} is not served: there is no index.html."},
	[WARNING_CONSOLE_UNREADABLE] = {"console-unreadable", "The console in {path} is not served: {said}."},
	[WARNING_TURN_SECRET_UNREADABLE] = {"turn-secret-unreadable", "turn.secret: {path}: {said}"},
	[WARNING_TURN_SECRET_ODD] = {"turn-secret-odd", "turn.secret: {path}: must hold one line of 16 to 64 "
							"characters, as static-auth-secret of coturn"},
	[WARNING_CONNECTIONS_FULL] = {"connections-full",
				      "Connections were turned away in the last minute: {connections:number} are "
				      "open, {guests:number} of them by nobody who has given a password, and there "
				      "may be {most:number}, and half as many of those. Look who holds them, or raise "
				      "the descriptor limit (LimitNOFILE)."},
	[WARNING_CONNECTIONS_NO_MEMORY] = {"connections-no-memory",
					   "Connections were turned away, or had to wait, in the last minute because "
					   "no memory was left: give the machine, or the service (MemoryMax), more."},
	[WARNING_CONNECTIONS_UNFINISHED] = {"connections-unfinished",
					    "{connections:number} connections were closed in a minute because their "
					    "TLS did not come to its end: scanners, or phones that do not trust the "
					    "certificate. If phones are missing, look at the certificate; else keep "
					    "those out by the firewall."},
	[WARNING_CONNECTIONS_SILENT] = {"connections-silent",
					"{connections:number} connections were closed in a minute because nobody gave "
					"a password on them in time: peers that send slowly, or nothing. Look who "
					"they are, and keep them out by the firewall."},
	[WARNING_CLOCK_FORWARDS] = {"clock-forwards",
				    "The clock was set forwards by {seconds:number} s, to {at:time}: calls and "
				    "registrations go on, but times in the history from before and after do not fit "
				    "together. Let a time service keep it (chrony, systemd-timesyncd)."},
	[WARNING_CLOCK_BACK] = {"clock-back",
				"The clock was set back by {seconds:number} s, to {at:time}: calls and registrations "
				"go on, but times in the history from before and after do not fit together. Let a "
				"time service keep it (chrony, systemd-timesyncd)."},
	[WARNING_DNS_SILENT] = {"dns-silent",
				"Since {since:time} no DNS server has answered: operators that are named are not "
				"found. Look at /etc/resolv.conf, and at the way to the servers in it."},
	[WARNING_STORE_SLOW] = {"store-slow",
				"Since {since:time} the database has not committed, and {writes:number} writes wait: "
				"the disk is slow, or stands still. Calls go on; look what else uses the disk."},
	[WARNING_STORE_FULL] = {"store-full",
				"since {since:time} the disk that holds the data is full: calls go on, their history "
				"waits in memory; free some space"},
	[WARNING_STORE_READ_ONLY] = {"store-read-only",
				     "since {since:time} the data cannot be written any more: the file system, or the "
				     "database, has become read-only: calls go on, their history waits in memory; "
				     "make it writable again"},
	[WARNING_STORE_HELD] = {"store-held",
				"since {since:time} another program, or another alto, holds the database: stop it"},
	[WARNING_STORE_DAMAGED] = {"store-damaged",
				   "since {since:time} the database is damaged: stop alto and restore a backup"},
	[WARNING_STORE_NO_MEMORY] = {"store-no-memory",
				     "since {since:time} no memory is left for the database: calls go on, their "
				     "history waits; give the machine, or the service (MemoryMax), more memory"},
	[WARNING_STORE_LOST] = {"store-lost",
				"since {since:time} the database server does not serve us (not reached, shutting "
				"down, or out of resources): calls go on, their history waits in memory; the log "
				"names the reason"},
	[WARNING_STORE_REFUSES] = {"store-refuses",
				   "since {since:time} the database refuses to commit: the log names the reason"},
	[WARNING_CALLS_NO_HISTORY] = {"calls-no-history",
				      "new calls are refused: the call history cannot be written (see store)"},
	[WARNING_CALLS_STOPPING] = {"calls-stopping", "shutting down: new calls are refused"},
	[WARNING_CALLS_OVERLOAD] = {"calls-overload",
				    "more comes in than this node can do: new requests turned away since "
				    "{since:time}: {requests:number}; see who sends them, or spread them over more "
				    "nodes"},
	[WARNING_CALLS_NO_MEMORY] = {"calls-no-memory",
				     "a call was refused in the last minute because no memory was left, or as many "
				     "calls are in progress as one node takes: give it more memory (MemoryMax), or "
				     "another node"},
	[WARNING_CALLS_NO_PORT] = {"calls-no-port",
				   "a call was refused in the last minute because no voice port was left: widen "
				   "media.ports, or raise the descriptor limit"},
	[WARNING_FILE] = {"file", "{path}: {said}"},
	[WARNING_NO_CERTIFICATE] = {"no-certificate",
				    "{path}: no certificate in PEM form (-----BEGIN CERTIFICATE-----) found"},
	[WARNING_CERTIFICATE_WEAK] = {"certificate-weak",
				      "{path}: the certificate's key is too weak or of a kind that cannot be used (RSA "
				      "from 2048 bits, P-256)"},
	[WARNING_CHAIN_UNUSABLE] = {"chain-unusable", "{path}: a certificate of its chain cannot be used"},
	[WARNING_CHAIN_DAMAGED] = {"chain-damaged", "{path}: a certificate of its chain is damaged"},
	[WARNING_NO_KEY] = {"no-key", "{path}: no private key in PEM form without a passphrase found"},
	[WARNING_KEY_FOREIGN] = {"key-foreign", "{path}: this key does not belong to the certificate in {other}"},
	[WARNING_KEY_UNUSABLE] = {"key-unusable", "{path}: the key cannot be used"},
	[WARNING_CERTIFICATE_NOT_MADE] = {"certificate-not-made",
					  "{path}: a self-signed certificate could not be made"},
	[WARNING_NO_MEMORY] = {"no-memory", "no memory"},
	[WARNING_TOO_MANY_REQUESTS] = {"too-many-requests", "no memory, or too many requests to other servers"},
	[WARNING_CERTIFICATE_NOT_KEPT] = {"certificate-not-kept",
					  "it is in use, but its file cannot be written ({said}), so that the next "
					  "start has it anew; the log says which file"},
	[WARNING_AUTHORITY_UNREACHABLE] = {"authority-unreachable", "the authority cannot be asked: {said}"},
	[WARNING_AUTHORITY_SLOW] = {"authority-slow", "the authority has not come to an end within five minutes"},
	[WARNING_AUTHORITY_ODD] = {"authority-odd", "the authority's answer has no {part} that Alto can read: is "
						    "acme.directory the URL of an ACME service?"},
	[WARNING_AUTHORITY_ODD_URL] = {"authority-odd-url", "the authority names a URL that cannot be asked"},
	[WARNING_AUTHORITY_NO_HTTP] = {"authority-no-http",
				       "the authority offers no proof by HTTP (http-01) for this name"},
	[WARNING_AUTHORITY_STATUS] = {"authority-status",
				      "the authority answered with status {status:number} and no reason"},
	[WARNING_AUTHORITY_OTHER_NAME] = {"authority-other-name",
					  "the authority's certificate is not for this name, or has expired"},
	[WARNING_AUTHORITY_BAD_CERTIFICATE] = {"authority-bad-certificate",
					       "the authority's certificate cannot be used: {reason:reason}"},
	[WARNING_AUTHORITY_REFUSES] = {"authority-refuses", "the authority says: {said}"},
	[WARNING_AUTHORITY_DNS] = {"authority-dns", "the authority says: {said} - let the name's A or AAAA record "
						    "point to this server"},
	[WARNING_AUTHORITY_CONNECTION] = {"authority-connection",
					  "the authority says: {said} - the authority must reach this server at port "
					  "80 of the name: look at DNS, the firewall and listen.http"},
	[WARNING_AUTHORITY_OTHER_SERVER] = {"authority-other-server",
					    "the authority says: {said} - another server seems to answer at port 80 "
					    "of the name: let its DNS point here"},
	[WARNING_AUTHORITY_CAA] = {"authority-caa", "the authority says: {said} - the name's CAA record must allow "
						    "this authority"},
	[WARNING_AUTHORITY_NAME] = {"authority-name", "the authority says: {said} - this authority gives no "
						      "certificate for such a name"},
	[WARNING_AUTHORITY_RATE] = {"authority-rate",
				    "the authority says: {said} - it is asked again when it allows it"},
	[WARNING_AUTHORITY_TERMS] = {"authority-terms", "the authority says: {said} - its terms have changed: read "
							"them"},
	[WARNING_AUTHORITY_ACCOUNT] = {"authority-account",
				       "the authority says: {said} - it wants an account that is bound to one of its "
				       "own, which Alto has not; choose another in acme.directory"},
	[WARNING_AUTHORITY_CONTACT] = {"authority-contact", "the authority says: {said} - look at acme.contact"},
};

/* ---- made ---- */

void warning_set(struct warning *w, enum warning_kind kind)
{
	ASSERT(sentence_places(slice_from_string(kinds[kind].english)) == 0);
	w->kind = kind;
	*w->values = 0;
}

/* Without a character that was cut in two. */
static void end_whole(char *text, size_t n)
{
	while (n && ((unsigned char)text[n - 1] & 0xC0) == 0x80)
		n--;
	if (n && (unsigned char)text[n - 1] >= 0xC0)
		n--;
	text[n] = 0;
}

void warning_set_with(struct warning *w, enum warning_kind kind, const char *values, ...)
{
	ASSERT(sentence_places(slice_from_string(kinds[kind].english)) == sentence_values(values));
	w->kind = kind;
	va_list args;
	va_start(args, values);
	int n = vsnprintf(w->values, sizeof(w->values), values, args);
	va_end(args);
	if (n >= (int)sizeof(w->values))
		end_whole(w->values, sizeof(w->values) - 1);
}

/* ---- read ---- */

const char *warning_name(enum warning_kind kind)
{
	return kinds[kind].name;
}

static struct warning_told told_of(enum warning_kind kind, struct slice values)
{
	return (struct warning_told){
		.kind = kind, .sentence = slice_from_string(kinds[kind].english), .values = values};
}

struct warning_told warning_told(const struct warning *w)
{
	return told_of(w->kind, slice_from_string(w->values));
}

struct warning_told warning_reason(struct slice text)
{
	uint64_t kind = WARNING_NONE;
	(void)!slice_u64(slice_cut(&text, ':'), WARNING_KINDS - 1, &kind);
	return told_of((enum warning_kind)kind, text);
}

static enum warning_type type_of(struct slice name)
{
	static const char *const names[] = {[WARNING_TYPE_TEXT] = "",
					    [WARNING_TYPE_NUMBER] = "number",
					    [WARNING_TYPE_TIME] = "time",
					    [WARNING_TYPE_REASON] = "reason"};
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (slice_eq(name, slice_from_string(names[i])))
			return (enum warning_type)i;
	return WARNING_TYPE_TEXT;
}

bool warning_next(struct warning_told *told, struct warning_value *ret)
{
	struct slice place;
	uint64_t number = 0;
	if (!sentence_next(&told->sentence, &ret->before, &place))
		return false;
	ret->name = slice_cut(&place, ':');
	ret->type = type_of(place);
	ret->text = sentence_value(&told->values, sentence_places(told->sentence));
	(void)!slice_u64(ret->text, INT64_MAX, &number);
	ret->number = (int64_t)number;
	return true;
}

/* ---- in English ---- */

static void write_told(struct writer *w, struct warning_told told);

static void write_value(struct writer *w, const struct warning_value *v)
{
	char time[28];
	if (v->type == WARNING_TYPE_REASON) {
		write_told(w, warning_reason(v->text));
	} else if (v->type == WARNING_TYPE_TIME) {
		clock_format(v->number, time);
		write_format(w, "%.19sZ", time);
	} else {
		write_slice(w, v->text);
	}
}

static void write_told(struct writer *w, struct warning_told told)
{
	struct warning_value v;
	while (warning_next(&told, &v)) {
		write_slice(w, v.before);
		write_value(w, &v);
	}
	write_slice(w, told.sentence);
}

const char *warning_text(const struct warning *w, char ret[WARNING_TEXT_CAP])
{
	struct writer out = writer_on(ret, WARNING_TEXT_CAP - 1);
	write_told(&out, warning_told(w));
	ret[out.n] = 0;
	return ret;
}
