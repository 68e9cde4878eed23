/*
 * unit/sip/torture.h - the 49 messages of RFC 4475, written anew after their descriptions, each with what it must meet
 *
 * test_torture.c reads each in memory that ends at an unreadable page, sim/test_torture.c sends each to a switchboard.
 * People and domains are those of the simulator's office, so that a good INVITE finds somebody.
 */
#pragma once
#include "base/slice.h"

enum torture_way {
	TORTURE_STRANGER, /* a datagram from somebody we do not know */
	TORTURE_KNOWN,    /* over a connection on which a device has authenticated */
	TORTURE_CONTACT   /* what a phone puts into Contact when it registers, with the right password */
};

struct torture {
	const char *name, *section;
	struct slice text;
	unsigned verdict; /* of sip_message_check(): 0 for a good message, else the status that refuses it */
	enum torture_way way;
	unsigned answer; /* what comes back; 0: nothing may, as to a response, or where no answer can be written */
	const char *has; /* ... and what stands in it; NULL: not looked at */
};

#define TORTURE_TEXT(literal)                                                                                          \
	{                                                                                                              \
		literal, sizeof(literal) - 1                                                                           \
	}
#define TORTURE_VIA "Via: SIP/2.0/UDP host5.example.net;branch=z9hG4bK"
#define TORTURE_REST                                                                                                   \
	"Max-Forwards: 70\r\nTo: <sip:20@acme.example>\r\nFrom: <sip:10@acme.example>;tag=938\r\n"                     \
	"Call-ID: torture@192.0.2.1\r\n"
#define TORTURE_CONTACT_FIELD "Contact: <sip:10@198.51.100.1>\r\n"
#define TORTURE_SDP                                                                                                    \
	"v=0\r\no=mhandley 29739 7272939 IN IP4 192.0.2.3\r\ns=-\r\nc=IN IP4 192.0.2.4\r\nt=0 0\r\n"                   \
	"m=audio 49217 RTP/AVP 0 12\r\na=rtpmap:31 LPC\r\n"
#define TORTURE_BODY "Content-Type: application/sdp\r\n\r\n" TORTURE_SDP
#define TORTURE_TEN(text) text text text text text text text text text text

/* Not const only because cmocka hands rows to tests as void pointers. */
static struct torture torture_messages[] = {
	/* ---- §3.1.1: unusual, and good ---- */
	{"wsinv", "3.1.1.1",
	 TORTURE_TEXT("INVITE sip:20@acme.example;unknownparam SIP/2.0\r\n"
		      "TO :\r\n sip:20@acme.example ;   tag    = 1918181833n\r\n"
		      "from   : \"J Rosenberg \\\\\\\"\"       <sip:10@acme.example>\r\n  ;\r\n  tag = "
		      "98asjd8\r\n"
		      "MaX-fOrWaRdS: 0068\r\nCall-ID: wsinv.ndaksdj@192.0.2.1\r\nContent-Length   : 3\r\n"
		      "cseq: 0009\r\n  INVITE\r\nVia  : SIP  /   2.0\r\n /UDP\r\n    "
		      "192.0.2.2;branch=390skdjuw\r\n"
		      "s :\r\nNewFangledHeader:   newfangled value\r\n continued newfangled value\r\n"
		      "UnknownHeaderWithUnusualValue: ;;,,;;,;\r\nContent-Type: application/sdp\r\n"
		      "Route:\r\n <sip:services.example.com;lr;unknownwith=value;unknown-no-value>\r\n"
		      "v:  SIP  / 2.0  / TCP     spindle.example.com   ;\r\n  branch  =   z9hG4bK9ikj8  "
		      ",\r\n"
		      " SIP  /    2.0   / UDP  192.168.255.111   ; branch=\r\n z9hG4bK30239\r\n"
		      "m:\"Quoted string \\\"\\\"\" <sip:10@198.51.100.1> ; newparam =\r\n"
		      "      newvalue ;\r\n  secondparam ; q = 0.33\r\n\r\nv=0"),
	 0, TORTURE_KNOWN, 481, "CSeq: 0009"}, /* its To has a tag: it belongs to a call, of which we know nothing */
	{"intmeth", "3.1.1.2",
	 TORTURE_TEXT("!interesting-Method0123456789_*+`.%indeed'~ "
		      "sip:1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*"
		      ":&it+has=1,weird!*pas$wo~d_too.(doesn't-it)@example.com SIP/2.0\r\n" TORTURE_VIA
		      "-.!%66*_+`'~\r\n"
		      "To: \"BEL:\\\x07 NUL:\\\0 DEL:\\\x7f\" "
		      "<sip:1_unusual.URI~(to-be!sure)@example.com>\r\n"
		      "From: token1~` token2'+_ token3*%!.- "
		      "<sip:mundane@example.com>;fromParam''~+*_!.-%=\"\xd1\x80\xd0\xb0"
		      "\";tag=_token~1'+`*%!-.\r\nCall-ID: intmeth.word%ZK-!.*_+'@word`~)(><:\\/\"][?}{\r\n"
		      "CSeq: 139122385 !interesting-Method0123456789_*+`.%indeed'~\r\nMax-Forwards: 255\r\n"
		      "extensionHeader-!.%*+_`'~:"
		      "\xef\xbb\xbf\xe5\xa4\xa7\xe5\x81\x9c\xe9\x9b\xbb\r\nContent-Length: "
		      "0\r\n\r\n"),
	 0, TORTURE_STRANGER, 501, NULL},
	{"esc01", "3.1.1.3",
	 TORTURE_TEXT("INVITE sip:sips%3Auser%40example.com@example.net SIP/2.0\r\n" TORTURE_VIA "esc01\r\n"
		      "To: sip:%75se%72@example.com\r\nFrom: <sip:I%20have%20spaces@example.net>;tag=938\r\n"
		      "Max-Forwards: 87\r\ni: esc01.239409asdfakjkn23onasd0-3234\r\nCSeq: 234234 INVITE\r\n"
		      "C: application/sdp\r\nContact:\r\n "
		      "<sip:cal%6Cer@192.0.2.2:5060;%6C%72;n%61me=v%61lue%25%34%31>\r\n"
		      "\r\n" TORTURE_SDP),
	 0, TORTURE_KNOWN, 404, NULL},
	{"escnull", "3.1.1.4",
	 TORTURE_TEXT("REGISTER sip:example.com SIP/2.0\r\nTo: sip:null-%00-null@example.com\r\n"
		      "From: sip:null-%00-null@example.com;tag=839923423\r\nMax-Forwards: 70\r\n"
		      "Call-ID: escnull.39203ndfvkjdasfkq3w4otrq0adsfdfnavd\r\nCSeq: 14398234 "
		      "REGISTER\r\n" TORTURE_VIA "escnull\r\nContact: <sip:%00@host5.example.com>\r\nContact: "
		      "<sip:%00%00@host5.example.com>\r\n"
		      "L:0\r\n\r\n"),
	 0, TORTURE_STRANGER, 401, NULL},
	{"esc02", "3.1.1.5",
	 TORTURE_TEXT("RE%47IST%45R sip:registrar.example.com SIP/2.0\r\nTo: \"%Z%45\" "
		      "<sip:resource@example.com>\r\n"
		      "From: \"%Z%45\" <sip:resource@example.com>;tag=f232jadfj23\r\nCall-ID: "
		      "esc02.asdfnqwo34rq23i34jrj\r\n"
		      "Via: SIP/2.0/TCP host.example.com;rport;branch=z9hG4bK209%fzsnel234\r\n"
		      "CSeq: 29344 RE%47IST%45R\r\nMax-Forwards: 70\r\nContact: "
		      "<sip:alias1@host1.example.com>\r\n"
		      "C%6Fntact: <sip:alias2@host2.example.com>\r\nContact: "
		      "<sip:alias3@host3.example.com>\r\nl: "
		      "0\r\n\r\n"),
	 0, TORTURE_STRANGER, 501, NULL},
	{"lwsdisp", "3.1.1.6",
	 TORTURE_TEXT("OPTIONS sip:20@acme.example SIP/2.0\r\nTo: sip:20@acme.example\r\n"
		      "From: caller<sip:caller@example.com>;tag=323\r\nMax-Forwards: 70\r\nCall-ID: "
		      "lwsdisp.1234abcd\r\n"
		      "CSeq: 60 OPTIONS\r\n" TORTURE_VIA "lws\r\nl: 0\r\n\r\n"),
	 0, TORTURE_STRANGER, 200, "Allow: "},
	{"longreq", "3.1.1.7",
	 TORTURE_TEXT("INVITE sip:20@acme.example SIP/2.0\r\nTo: \"I have a user name of " TORTURE_TEN("extr"
												       "eme")
			      TORTURE_TEN(
				      "extreme") " proportion\"<sip:20@acme.example:6000;unknownparam1=" TORTURE_TEN("v"
														     "e"
														     "r"
														     "y"
														     "l"
														     "o"
														     "n"
														     "g") "value;longparam" TORTURE_TEN("name") "=shortvalue;very" TORTURE_TEN("lon"
																							       "g") "ParameterNameWithNoValue>\r\nF: sip:" TORTURE_TEN("amazinglylong")
				      TORTURE_TEN("amazinglylong") "callername@example.net;tag=12" TORTURE_TEN("982") "424;unknownheaderparam" TORTURE_TEN("name") "=" TORTURE_TEN("value") ";unknownValueless" TORTURE_TEN(
					      "param") "\r\n"
						       "Call-ID: "
						       "longreq."
						       "one" TORTURE_TEN("real"
									 "ly") "longcallid\r\nCSeq: 3882340 INVITE\r\n"
									       "Unknown-" TORTURE_TEN(
										       "Long") "-Name: "
											       "unknown"
											       "-" TORTURE_TEN("long") "-value; unknown-" TORTURE_TEN("long") "-parameter-name = unknown-" TORTURE_TEN(
												       "lon"
												       "g") "-parameter"
													    "-value\r\n"
													    "Via: "
													    "SIP/2.0/"
													    "TCP "
													    "sip33."
													    "example."
													    "com\r"
													    "\n" TORTURE_TEN("v: SIP/2.0/TCP sip32.example.com\r\nV: SIP/2.0/TCP sip31.example.com\r\n") "Via: SIP/2.0/TCP host.example.com;received=192.0.2.5;branch=very" TORTURE_TEN(
														    "lo"
														    "n"
														    "g") "branchvalue\r\nMax-Forwards: 70\r\nContact: <sip:" TORTURE_TEN("amazinglylong") "callername@host5.example.net>\r\n" TORTURE_BODY),
	 0, TORTURE_KNOWN, 180, NULL},
	{"dblreq", "3.1.1.8",
	 TORTURE_TEXT("REGISTER sip:example.com SIP/2.0\r\nTo: sip:j.user@example.com\r\n"
		      "From: sip:j.user@example.com;tag=43251j3j324\r\nMax-Forwards: 8\r\nI: "
		      "dblreq.0ha0isndaksdj99sdfafnl3lk233412\r\n"
		      "Contact: sip:j.user@host.example.com\r\nCSeq: 8 REGISTER\r\n" TORTURE_VIA "dbl1\r\n"
		      "Content-Length: 0\r\n\r\n\r\nINVITE sip:joe@example.com SIP/2.0\r\nt: "
		      "sip:joe@example.com\r\n"
		      "From: sip:caller@example.net;tag=141334\r\nMax-Forwards: 8\r\nCall-ID: "
		      "dblreq.0ha0isnda977644900765@192.0.2.15\r\n"
		      "CSeq: 8 INVITE\r\n" TORTURE_VIA "dbl2\r\nContent-Length: 0\r\n\r\n"),
	 0, TORTURE_STRANGER, 401, "CSeq: 8 REGISTER"},
	{"semiuri", "3.1.1.9",
	 TORTURE_TEXT("OPTIONS sip:user;par=u%40example.net@example.com SIP/2.0\r\nTo: "
		      "sip:j_user@example.com\r\n"
		      "From: sip:caller@example.org;tag=33242\r\nMax-Forwards: 3\r\nCall-ID: "
		      "semiuri.0ha0isndaksdj\r\n"
		      "CSeq: 8 OPTIONS\r\nAccept: application/sdp, application/pkcs7-mime, "
		      "multipart/mixed,\r\n"
		      " multipart/signed, message/sip, message/sipfrag\r\n" TORTURE_VIA "semi\r\nl: 0\r\n\r\n"),
	 0, TORTURE_STRANGER, 200, NULL},
	{"transports", "3.1.1.10",
	 TORTURE_TEXT("OPTIONS sip:user@example.com SIP/2.0\r\nTo: sip:user@example.com\r\n"
		      "From: <sip:caller@example.com>;tag=323\r\nMax-Forwards: 70\r\nCall-ID: "
		      "transports.kijh4akdnaqjkwendsasfdj\r\n"
		      "Accept: application/sdp\r\nCSeq: 60 OPTIONS\r\nVia: SIP/2.0/UDP "
		      "t1.example.com;branch=z9hG4bKkdjuw\r\n"
		      "Via: SIP/2.0/SCTP t2.example.com;branch=z9hG4bKklasjdhf\r\n"
		      "Via: SIP/2.0/TLS t3.example.com;branch=z9hG4bK2980unddj\r\n"
		      "Via: SIP/2.0/UNKNOWN t4.example.com;branch=z9hG4bKasd0f3en\r\n"
		      "Via: SIP/2.0/TCP t5.example.com;branch=z9hG4bK0a9idfnee\r\nl: 0\r\n\r\n"),
	 0, TORTURE_STRANGER, 200, "t4.example.com"},
	{"mpart01", "3.1.1.11",
	 TORTURE_TEXT("MESSAGE sip:kumiko@example.org SIP/2.0\r\nVia: SIP/2.0/UDP "
		      "127.0.0.1:5070;branch=z9hG4bK-d87543-4dade06d\r\n"
		      "Max-Forwards: 70\r\nRoute: <sip:127.0.0.1:5080>\r\nContact: "
		      "<sip:fluffy@127.0.0.1:5070>\r\n"
		      "To: <sip:kumiko@example.org>\r\nFrom: "
		      "<sip:fluffy@example.com>;tag=2fb0dcc9\r\nCall-ID: "
		      "3d9485ad0c49859b@Zmx1ZmZ5\r\n"
		      "CSeq: 1 MESSAGE\r\nContent-Type: "
		      "multipart/mixed;boundary=7a9cbec02ceef655\r\nContent-Length: "
		      "149\r\n\r\n"
		      "--7a9cbec02ceef655\r\nContent-Type: text/plain\r\n\r\nHello\r\n--7a9cbec02ceef655\r\n"
		      "Content-Type: "
		      "application/"
		      "octet-stream\r\n\r\n0\x82\x00\x01\x00\r\n\r\n\xff--7a9cbec02ceef655--\r\n"),
	 0, TORTURE_STRANGER, 401, "Digest"},
	{"unreason", "3.1.1.12",
	 TORTURE_TEXT("SIP/2.0 200 = 2**3 * 5**2 \xd0\xbd\xd0\xbe \xd1\x81\xd1\x82\xd0\xbe "
		      "\xd0\xb4\xd0\xb5\r\n" TORTURE_VIA "unr\r\n" TORTURE_REST
		      "CSeq: 35 INVITE\r\nContact: <sip:user@host198.example.com>\r\n" TORTURE_BODY),
	 0, TORTURE_STRANGER, 0, NULL},
	{"noreason", "3.1.1.13",
	 TORTURE_TEXT("SIP/2.0 100 \r\n" TORTURE_VIA "nor\r\n" TORTURE_REST
		      "CSeq: 35 INVITE\r\nContent-Length: 0\r\n\r\n"),
	 0, TORTURE_STRANGER, 0, NULL},

	/* ---- §3.1.2: broken ---- */
	{"badinv01", "3.1.2.1",
	 TORTURE_TEXT("INVITE sip:20@acme.example SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.15;;,;,,\r\n"
		      "Max-Forwards: 70\r\nTo: sip:20@acme.example\r\nFrom: "
		      "sip:caller@example.net;tag=134161461246\r\n"
		      "Call-ID: badinv01.0ha0isndaksdjasdf3234nas\r\nCSeq: 8 INVITE\r\n"
		      "Contact: \"Joe\" <sip:joe@example.org>;;;;\r\n" TORTURE_BODY),
	 400, TORTURE_KNOWN, 400, NULL},
	{"clerr", "3.1.2.2",
	 TORTURE_TEXT("INVITE sip:20@acme.example SIP/2.0\r\n" TORTURE_VIA "cle\r\n" TORTURE_REST TORTURE_CONTACT_FIELD
		      "CSeq: 8 INVITE\r\nContent-Length: 9999\r\n" TORTURE_BODY),
	 400, TORTURE_STRANGER, 400, "Content-Length"},
	{"ncl", "3.1.2.3",
	 TORTURE_TEXT("INVITE sip:20@acme.example SIP/2.0\r\n" TORTURE_VIA "ncl\r\n" TORTURE_REST TORTURE_CONTACT_FIELD
		      "CSeq: 8 INVITE\r\nContent-Length: -999\r\n" TORTURE_BODY),
	 400, TORTURE_STRANGER, 400, "Content-Length"},
	{"scalar02", "3.1.2.4",
	 TORTURE_TEXT("REGISTER sip:example.com SIP/2.0\r\n" TORTURE_VIA "sca\r\n" TORTURE_REST
		      "CSeq: 36893488147419103232 REGISTER\r\nMax-Breadth: 300\r\nExpires: 10000000000\r\n"
		      "Contact: <sip:user@host129.example.com>;expires=280297596632815\r\nContent-Length: "
		      "0\r\n\r\n"),
	 400, TORTURE_STRANGER, 400, NULL},
	{"scalarlg", "3.1.2.5",
	 TORTURE_TEXT("SIP/2.0 503 Service Unavailable\r\n" TORTURE_VIA "scl\r\n" TORTURE_REST
		      "CSeq: 9292394834772304023312 OPTIONS\r\nRetry-After: 949302838503028349304023988\r\n"
		      "Warning: 1812 overture \"In Progress\"\r\nContent-Length: 0\r\n\r\n"),
	 400, TORTURE_STRANGER, 0, NULL},
	{"quotbal", "3.1.2.6",
	 TORTURE_TEXT("INVITE sip:20@acme.example SIP/2.0\r\nTo: \"Mr. J. User <sip:j.user@example.com>\r\n"
		      "From: sip:caller@example.net;tag=93334\r\nMax-Forwards: 10\r\nCall-ID: "
		      "quotbal.aksdj\r\n"
		      "Contact: <sip:caller@host59.example.net>\r\nCSeq: 8 INVITE\r\n" TORTURE_VIA
		      "quo\r\n" TORTURE_BODY),
	 400, TORTURE_KNOWN, 400, NULL},
	{"ltgtruri", "3.1.2.7",
	 TORTURE_TEXT("INVITE <sip:20@acme.example> SIP/2.0\r\n" TORTURE_VIA
		      "ltg\r\n" TORTURE_REST TORTURE_CONTACT_FIELD "CSeq: 1 INVITE\r\n" TORTURE_BODY),
	 400, TORTURE_KNOWN, 400, NULL},
	{"lwsruri", "3.1.2.8",
	 TORTURE_TEXT("INVITE sip:20@acme.example; lr SIP/2.0\r\n" TORTURE_VIA
		      "lwr\r\n" TORTURE_REST TORTURE_CONTACT_FIELD "CSeq: 1 INVITE\r\n" TORTURE_BODY),
	 400, TORTURE_KNOWN, 400, NULL},
	{"lwsstart", "3.1.2.9",
	 TORTURE_TEXT("INVITE  sip:20@acme.example  SIP/2.0\r\n" TORTURE_VIA
		      "lwst\r\n" TORTURE_REST TORTURE_CONTACT_FIELD "CSeq: 1 INVITE\r\n" TORTURE_BODY),
	 400, TORTURE_KNOWN, 400, NULL},
	{"trws", "3.1.2.10",
	 TORTURE_TEXT("OPTIONS sip:remote-target@example.com SIP/2.0  \r\n" TORTURE_VIA "trw\r\n" TORTURE_REST
		      "CSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n"),
	 400, TORTURE_STRANGER, 400, NULL},
	{"escruri", "3.1.2.11",
	 TORTURE_TEXT("INVITE sip:20@acme.example?Route=%3Csip:example.com%3E SIP/2.0\r\n" TORTURE_VIA
		      "esr\r\n" TORTURE_REST TORTURE_CONTACT_FIELD "CSeq: 1 INVITE\r\n" TORTURE_BODY),
	 400, TORTURE_KNOWN, 400, NULL},
	/* A Date that says EST is as good as none: it is not looked at, and the call is made. */
	{"baddate", "3.1.2.12",
	 TORTURE_TEXT("INVITE sip:20@acme.example SIP/2.0\r\n" TORTURE_VIA "bda\r\n" TORTURE_REST TORTURE_CONTACT_FIELD
		      "CSeq: 9 INVITE\r\nDate: Fri, 01 Jan 2010 16:00:00 EST\r\n" TORTURE_BODY),
	 0, TORTURE_KNOWN, 180, NULL},
	{"regbadct", "3.1.2.13", TORTURE_TEXT("sip:user@example.com?Route=%3Csip:sip.example.com%3E"), 0,
	 TORTURE_CONTACT, 400, NULL},
	{"badaspec", "3.1.2.14",
	 TORTURE_TEXT("OPTIONS sip:user@example.org SIP/2.0\r\n" TORTURE_VIA "bas\r\n"
		      "To: \"Watson, Thomas\" < sip:t.watson@example.org >\r\nFrom: \"Bell, Alexander\" "
		      "<sip:a.g.bell@example.com>;tag=43\r\nMax-Forwards: 70\r\nCall-ID: "
		      "badaspec.sdf0234n2nds0a099u23h3\r\n"
		      "CSeq: 3923239 OPTIONS\r\nContent-Length: 0\r\n\r\n"),
	 400, TORTURE_STRANGER, 400, NULL},
	{"baddn", "3.1.2.15",
	 TORTURE_TEXT("OPTIONS sip:t.watson@example.org SIP/2.0\r\n" TORTURE_VIA "bdn\r\nMax-Forwards: 70\r\n"
		      "From: Bell, Alexander <sip:a.g.bell@example.com>;tag=43\r\nTo: Watson, Thomas "
		      "<sip:t.watson@example.org>\r\n"
		      "Call-ID: baddn.31415@c.example.com\r\nCSeq: 3923239 OPTIONS\r\nContent-Length: "
		      "0\r\n\r\n"),
	 400, TORTURE_STRANGER, 400, NULL},
	{"badvers", "3.1.2.16",
	 TORTURE_TEXT("OPTIONS sip:t.watson@example.org SIP/7.0\r\nVia: SIP/7.0/UDP "
		      "c.example.com;branch=z9hG4bKkdjuw\r\n"
		      "Max-Forwards: 70\r\nFrom: A. Bell <sip:a.g.bell@example.com>;tag=qweoiqpe\r\n"
		      "To: T. Watson <sip:t.watson@example.org>\r\nCall-ID: badvers.31417@c.example.com\r\n"
		      "CSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n"),
	 505, TORTURE_STRANGER, 505, NULL},
	{"mismatch01", "3.1.2.17",
	 TORTURE_TEXT("OPTIONS sip:user@example.com SIP/2.0\r\n" TORTURE_VIA "mis\r\n" TORTURE_REST
		      "CSeq: 8 INVITE\r\nContent-Length: 0\r\n\r\n"),
	 400, TORTURE_STRANGER, 400, NULL},
	{"mismatch02", "3.1.2.18",
	 TORTURE_TEXT("NEWMETHOD sip:user@example.com SIP/2.0\r\n" TORTURE_VIA "mit\r\n" TORTURE_REST
		      "CSeq: 8 INVITE\r\nContact: <sip:caller@host.example.net>\r\n" TORTURE_BODY),
	 400, TORTURE_STRANGER, 400, NULL},
	{"bigcode", "3.1.2.19",
	 TORTURE_TEXT("SIP/2.0 4294967301 better not break the receiver\r\n" TORTURE_VIA "big\r\n" TORTURE_REST
		      "CSeq: 353494 INVITE\r\nContact: "
		      "<sip:user@host105.example.com>\r\nContent-Length: 0\r\n\r\n"),
	 400, TORTURE_STRANGER, 0, NULL},

	/* ---- §3.2: the transaction layer ---- */
	{"badbranch", "3.2.1",
	 TORTURE_TEXT("OPTIONS sip:user@example.com SIP/2.0\r\nTo: sip:user@example.com\r\n"
		      "From: sip:caller@example.org;tag=33242\r\nMax-Forwards: 3\r\n"
		      "Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK\r\nAccept: application/sdp\r\n"
		      "Call-ID: badbranch.sadonfo23i420jv0as0derf3j3n\r\nCSeq: 8 OPTIONS\r\nl: 0\r\n\r\n"),
	 0, TORTURE_STRANGER, 200, NULL},

	/* ---- §3.3: what the application says ---- */
	/* Without From, To and Call-ID there is nobody to answer: it is counted. */
	{"insuf", "3.3.1",
	 TORTURE_TEXT("INVITE sip:user@example.com SIP/2.0\r\nCSeq: 193942 INVITE\r\n" TORTURE_VIA
		      "ins\r\n" TORTURE_BODY),
	 400, TORTURE_KNOWN, 0, NULL},
	{"unkscm", "3.3.2",
	 TORTURE_TEXT("OPTIONS nobodyKnowsThisScheme:totallyopaquecontent SIP/2.0\r\n" TORTURE_VIA
		      "uns\r\n" TORTURE_REST "CSeq: 3923423 OPTIONS\r\nContent-Length: 0\r\n\r\n"),
	 0, TORTURE_STRANGER, 416, NULL},
	{"novelsc", "3.3.3",
	 TORTURE_TEXT("OPTIONS soap.beep://192.0.2.103:3002 SIP/2.0\r\n" TORTURE_VIA "nov\r\n" TORTURE_REST
		      "CSeq: 3923423 OPTIONS\r\nContent-Length: 0\r\n\r\n"),
	 0, TORTURE_STRANGER, 416, NULL},
	{"unksm2", "3.3.4",
	 TORTURE_TEXT("REGISTER sip:example.com SIP/2.0\r\nTo: isbn:2983792873\r\nFrom: "
		      "<http://www.example.com>;tag=3234233\r\n"
		      "Call-ID: unksm2.daksdj@hyphenated-host.example.com\r\nCSeq: 234902 "
		      "REGISTER\r\nMax-Forwards: "
		      "70\r\n" TORTURE_VIA "un2\r\nContact: <name:John_Smith>\r\nl: 0\r\n\r\n"),
	 0, TORTURE_STRANGER, 401, NULL},
	{"bext01", "3.3.5",
	 TORTURE_TEXT("OPTIONS sip:20@acme.example SIP/2.0\r\n" TORTURE_VIA "bex\r\n" TORTURE_REST "CSeq: 8 OPTIONS\r\n"
		      "Require: nothingSupportsThis, nothingSupportsThisEither\r\n"
		      "Proxy-Require: noProxiesSupportThis, "
		      "norDoAnyProxiesSupportThis\r\nContent-Length: 0\r\n\r\n"),
	 0, TORTURE_STRANGER, 420, "nothingSupportsThisEither"},
	{"invut", "3.3.6",
	 TORTURE_TEXT("INVITE sip:20@acme.example SIP/2.0\r\n" TORTURE_VIA "inu\r\n" TORTURE_REST TORTURE_CONTACT_FIELD
		      "CSeq: 8 INVITE\r\nContent-Type: application/unknownformat\r\nContent-Length: "
		      "40\r\n\r\n"
		      "<audio>\n <pcmu port=\"443\"/>\n</audio>    \n"),
	 0, TORTURE_KNOWN, 415, "Accept: application/sdp"},
	{"regaut01", "3.3.7",
	 TORTURE_TEXT("REGISTER sip:example.com SIP/2.0\r\n" TORTURE_VIA "reg\r\n" TORTURE_REST
		      "CSeq: 9338 REGISTER\r\n"
		      "Authorization: NoOneKnowsThisScheme opaque-data=here\r\nContent-Length: 0\r\n\r\n"),
	 0, TORTURE_STRANGER, 401, "WWW-Authenticate: Digest "},
	{"multi01", "3.3.8",
	 TORTURE_TEXT("INVITE sip:20@acme.example SIP/2.0\r\n" TORTURE_VIA "mul\r\n" TORTURE_REST "CSeq: 5 INVITE\r\n"
		      "CSeq: 59 INVITE\r\nMax-Forwards: 5\r\nTo: sip:other@example.com\r\nFrom: "
		      "sip:other@example.net;tag=2\r\n"
		      "Call-ID: multi01.98asdh@192.0.2.2\r\nContact: "
		      "<sip:caller@host36.example.net>\r\n" TORTURE_BODY),
	 400, TORTURE_KNOWN, 400, NULL},
	{"mcl01", "3.3.9",
	 TORTURE_TEXT("OPTIONS sip:user@example.com SIP/2.0\r\n" TORTURE_VIA "mcl\r\n" TORTURE_REST
		      "CSeq: 5 OPTIONS\r\nContent-Length: 13\r\nContent-Length: 5\r\nContent-Type: "
		      "text/plain\r\n\r\n"
		      "There's no way to know how many octets are supposed to be here."),
	 400, TORTURE_STRANGER, 400, NULL},
	/* An answer with a broadcast address in its second Via: it is not passed on, and nobody else is
	   told. */
	{"bcast", "3.3.10",
	 TORTURE_TEXT("SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 192.0.2.198;branch=z9hG4bK1324923\r\n"
		      "Via: SIP/2.0/UDP 255.255.255.255;branch=z9hG4bK1saber23\r\n" TORTURE_REST
		      "CSeq: 35 INVITE\r\nContact: <sip:user@host28.example.com>\r\n" TORTURE_BODY),
	 0, TORTURE_STRANGER, 0, NULL},
	/* Who it is for may answer it all the same: only passing it on is over. */
	{"zeromf", "3.3.11",
	 TORTURE_TEXT("OPTIONS sip:20@acme.example SIP/2.0\r\n" TORTURE_VIA
		      "zer\r\nMax-Forwards: 0\r\nTo: sip:user@example.com\r\n"
		      "From: sip:caller@example.net;tag=3ghsd41\r\nCall-ID: "
		      "zeromf.jfasdlfnm2o2l43r5u0asdfas\r\n"
		      "CSeq: 39234321 OPTIONS\r\nContent-Length: 0\r\n\r\n"),
	 0, TORTURE_STRANGER, 200, NULL},
	{"cparam01", "3.3.12", TORTURE_TEXT("sip:+19725552222@gw1.example.net;unknownparam"), 0, TORTURE_CONTACT, 200,
	 "<sip:+19725552222@gw1.example.net>"},
	{"cparam02", "3.3.13", TORTURE_TEXT("<sip:+19725552222@gw1.example.net;unknownparam>"), 0, TORTURE_CONTACT, 200,
	 "<sip:+19725552222@gw1.example.net;unknownparam>"},
	{"regescrt", "3.3.14", TORTURE_TEXT("<sip:user@example.com?Route=%3Csip:sip.example.com%3E>"), 0,
	 TORTURE_CONTACT, 200, "<sip:user@example.com?Route=%3Csip:sip.example.com%3E>"},
	{"sdp01", "3.3.15",
	 TORTURE_TEXT("INVITE sip:20@acme.example SIP/2.0\r\n" TORTURE_VIA "sdp\r\n" TORTURE_REST TORTURE_CONTACT_FIELD
		      "CSeq: 5 INVITE\r\nAccept: text/nobodyKnowsThis\r\nContent-Length: 0\r\n\r\n"),
	 0, TORTURE_KNOWN, 406, NULL},
	/* RFC 2543: no branch, no Max-Forwards, and tags only where somebody wanted them. */
	{"inv2543", "3.3.16",
	 TORTURE_TEXT("INVITE sip:20@acme.example SIP/2.0\r\nVia: SIP/2.0/UDP iftgw.example.com\r\n"
		      "From: <sip:+13035551111@ift.client.example.net;user=phone>\r\n"
		      "Record-Route: <sip:UserB@example.com;maddr=ss1.example.com>\r\nTo: "
		      "sip:+16505552222@ss1.example.net;user=phone\r\n"
		      "Call-ID: inv2543.1717@ift.client.example.com\r\nCSeq: 56 "
		      "INVITE\r\n" TORTURE_CONTACT_FIELD TORTURE_BODY),
	 0, TORTURE_KNOWN, 180, NULL},
};
