/*
 * unit/sip/ipv6.h - the ten messages of RFC 5118, written anew after their descriptions, with addresses of RFC 3849
 *
 * test_ipv6.c reads each for what it asks for, sim/test_torture.c sends each to a switchboard.
 */
#pragma once

#define IPV6_REST(method)                                                                                              \
	"Max-Forwards: 70\r\nFrom: <sip:10@acme.example>;tag=81x2\r\nTo: <sip:20@acme.example>\r\n"                    \
	"Call-ID: SSG9559905523997077@hlau_4100\r\nCSeq: 98176 " method "\r\n"
#define IPV6_REQUEST(method, uri, via) method " " uri " SIP/2.0\r\nVia: " via "\r\n" IPV6_REST(method)
#define IPV6_REGISTER(uri, via) IPV6_REQUEST("REGISTER", uri, via) "Content-Length: 0\r\n\r\n"
#define IPV6_INVITE(via, sdp)                                                                                          \
	IPV6_REQUEST("INVITE", "sip:20@[2001:db8::10]", via)                                                           \
	"Contact: <sip:10@[2001:db8::9:1]>\r\nContent-Type: application/sdp\r\n\r\n" sdp
#define IPV6_VIA "SIP/2.0/UDP [2001:db8::9:1];branch=z9hG4bKas3-111"

#define IPV6_REFERENCE_4_1 IPV6_REGISTER("sip:[2001:db8::10]", IPV6_VIA)
#define IPV6_NO_BRACKETS_4_2 IPV6_REGISTER("sip:2001:db8::10", IPV6_VIA)
#define IPV6_PORT_AMBIGUOUS_4_3 IPV6_REGISTER("sip:[2001:db8::10:5070]", IPV6_VIA)
#define IPV6_PORT_4_4 IPV6_REGISTER("sip:[2001:db8::10]:5070", IPV6_VIA)
#define IPV6_RECEIVED_4_5 IPV6_REGISTER("sip:[2001:db8::10]", IPV6_VIA ";received=[2001:db8::9:255]")
#define IPV6_RECEIVED_BARE_4_5 IPV6_REGISTER("sip:[2001:db8::10]", IPV6_VIA ";received=2001:db8::9:255")
#define IPV6_SDP_4_6                                                                                                   \
	"v=0\r\no=assistant 971731711378798081 0 IN IP6 2001:db8::20\r\ns=-\r\nc=IN IP6 2001:db8::20\r\nt=0 0\r\n"     \
	"m=audio 6000 RTP/AVP 0 2\r\n"
#define IPV6_VIAS_BELOW_4_7                                                                                            \
	"Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKjhja8781hjuaij65144\r\n"                                             \
	"Via: SIP/2.0/TCP [2001:db8::9:255];branch=z9hG4bK451jj;received=192.0.2.200"
#define IPV6_BOTH_4_7 IPV6_REGISTER("sip:20@acme.example", IPV6_VIA "\r\n" IPV6_VIAS_BELOW_4_7)
#define IPV6_SDP_4_8                                                                                                   \
	"v=0\r\no=bob 280744730 28977631 IN IP4 host.example.com\r\ns=\r\nt=0 0\r\nm=audio 22334 RTP/AVP 0\r\n"        \
	"c=IN IP4 192.0.2.1\r\nm=video 6024 RTP/AVP 107\r\nc=IN IP6 2001:db8::1\r\n"
#define IPV6_MAPPED_VIA_4_9 "SIP/2.0/UDP [::ffff:192.0.2.10]:19823;branch=z9hG4bKbh19"
#define IPV6_SDP_4_9                                                                                                   \
	"v=0\r\no=bob 280744730 28977631 IN IP6 ::ffff:192.0.2.2\r\ns=\r\nc=IN IP6 ::ffff:192.0.2.2\r\nt=0 0\r\n"      \
	"m=audio 22334 RTP/AVP 0\r\n"
#define IPV6_THREE_COLONS_4_10 IPV6_REGISTER("sip:user@[2001:db8:::192.0.2.1]", IPV6_VIA)
