package request

import "github.com/speclens/speclens/schema"

// headers are the fields that requests and responses often have (RFC 9110), those of every other test first.
func headers() []schema.Header {
	return []schema.Header{
		{Name: "Authorization", Description: "Credentials, such as `Bearer {{ env.TOKEN }}`. Dropped when a redirect leaves the origin.", In: "request", Values: []string{
			"Bearer {{ }}", "Basic {{ }}", "Token {{ }}",
		}},
		{Name: "Content-Type", Description: "What kind of content the body is, such as `application/json`.", Values: []string{
			"application/json", "application/x-www-form-urlencoded", "application/xml", "application/merge-patch+json", "application/json-patch+json", "text/plain; charset=utf-8", "application/octet-stream",
		}},
		{Name: "Accept", Description: "What kinds of content the client takes, such as `application/json`.", In: "request", Values: []string{
			"application/json", "application/xml", "text/html", "text/plain", "text/event-stream", "*/*",
		}},
		{Name: "Accept-Encoding", Description: "Which codings of the content the client understands, such as `gzip`.", In: "request", Values: []string{
			"gzip", "identity",
		}},
		{Name: "Accept-Language", Description: "Which languages the client prefers, such as `en, de;q=0.8`.", In: "request", Values: []string{
			"en", "en, de;q=0.8", "*",
		}},
		{Name: "Cache-Control", Description: "How the message may be cached, such as `no-store`.", Values: []string{
			"no-cache", "no-store", "max-age=0",
		}},
		{Name: "Content-Length", Description: "How many bytes the body has.", In: "response"},
		{Name: "Cookie", Description: "What the client stored for the server. Dropped when a redirect leaves the origin.", In: "request"},
		{Name: "ETag", Description: "Which version of the resource this is.", In: "response"},
		{Name: "Idempotency-Key", Description: "A key under which the server does the work once only, however often it is asked.", In: "request"},
		{Name: "If-Match", Description: "Do it only if the resource still is this version.", In: "request", Values: []string{
			"*",
		}},
		{Name: "If-None-Match", Description: "Send it only if it is no longer this version.", In: "request", Values: []string{
			"*",
		}},
		{Name: "Last-Modified", Description: "When the resource was changed last.", In: "response"},
		{Name: "Location", Description: "Where the resource is: of a redirect, or of what was created.", In: "response"},
		{Name: "Origin", Description: "Which site the request comes from.", In: "request"},
		{Name: "Retry-After", Description: "When to try again: seconds, or a date.", In: "response"},
		{Name: "Set-Cookie", Description: "What the client shall store.", In: "response"},
		{Name: "User-Agent", Description: "Which program asks.", In: "request"},
		{Name: "Vary", Description: "Which request headers the response depends on.", In: "response"},
		{Name: "WWW-Authenticate", Description: "How to log in.", In: "response"},
		{Name: "X-Api-Key", Description: "A key that tells who asks.", In: "request", Values: []string{
			"{{ }}",
		}},
		{Name: "X-Request-Id", Description: "A name for this request in the server's logs."},
	}
}

// statuses are those that tests expect (RFC 9110, section 15, and RFC 6585), common ones first in their class.
func statuses() []schema.Status {
	return []schema.Status{
		{Name: "200", Description: "OK"},
		{Name: "201", Description: "Created"},
		{Name: "202", Description: "Accepted"},
		{Name: "204", Description: "No Content"},
		{Name: "2xx", Description: "any success"},
		{Name: "206", Description: "Partial Content"},
		{Name: "3xx", Description: "any redirect"},
		{Name: "301", Description: "Moved Permanently"},
		{Name: "302", Description: "Found"},
		{Name: "303", Description: "See Other"},
		{Name: "304", Description: "Not Modified"},
		{Name: "307", Description: "Temporary Redirect"},
		{Name: "308", Description: "Permanent Redirect"},
		{Name: "4xx", Description: "any client error"},
		{Name: "400", Description: "Bad Request"},
		{Name: "401", Description: "Unauthorized"},
		{Name: "403", Description: "Forbidden"},
		{Name: "404", Description: "Not Found"},
		{Name: "405", Description: "Method Not Allowed"},
		{Name: "406", Description: "Not Acceptable"},
		{Name: "409", Description: "Conflict"},
		{Name: "410", Description: "Gone"},
		{Name: "412", Description: "Precondition Failed"},
		{Name: "413", Description: "Content Too Large"},
		{Name: "415", Description: "Unsupported Media Type"},
		{Name: "422", Description: "Unprocessable Content"},
		{Name: "429", Description: "Too Many Requests"},
		{Name: "5xx", Description: "any server error"},
		{Name: "500", Description: "Internal Server Error"},
		{Name: "501", Description: "Not Implemented"},
		{Name: "502", Description: "Bad Gateway"},
		{Name: "503", Description: "Service Unavailable"},
		{Name: "504", Description: "Gateway Timeout"},
	}
}
