package ide

// commonHeaders are offered where a header's name is typed.
var commonHeaders = []struct {
	name, doc string
	// response says that responses have it too.
	response bool
}{
	{"Accept", "What kinds of content the client takes, such as `application/json`.", false},
	{"Accept-Language", "Which languages the client prefers, such as `en, de;q=0.8`.", false},
	{"Authorization", "Credentials, such as `Bearer {{ env.TOKEN }}`. Dropped when a redirect leaves the origin.", false},
	{"Cache-Control", "How the message may be cached, such as `no-store`.", true},
	{"Content-Type", "What kind of content the body is, such as `application/json`.", true},
	{"Content-Length", "How many bytes the body has.", true},
	{"Cookie", "What the client stored for the server. Dropped when a redirect leaves the origin.", false},
	{"ETag", "Which version of the resource this is.", true},
	{"Idempotency-Key", "A key under which the server does the work once only, however often it is asked.", false},
	{"If-Match", "Do it only if the resource still is this version.", false},
	{"If-None-Match", "Send it only if it is no longer this version.", false},
	{"Last-Modified", "When the resource was changed last.", true},
	{"Location", "Where the resource is: of a redirect, or of what was created.", true},
	{"Origin", "Which site the request comes from.", false},
	{"Retry-After", "When to try again: seconds, or a date.", true},
	{"Set-Cookie", "What the client shall store.", true},
	{"User-Agent", "Which program asks.", false},
	{"Vary", "Which request headers the response depends on.", true},
	{"WWW-Authenticate", "How to log in.", true},
	{"X-Request-Id", "A name for this request in the server's logs.", true},
}

// commonStatuses are offered where a status is expected.
var commonStatuses = []struct{ code, doc string }{
	{"200", "OK"}, {"201", "Created"}, {"202", "Accepted"}, {"204", "No Content"},
	{"2xx", "any success"}, {"3xx", "any redirect"}, {"301", "Moved Permanently"}, {"302", "Found"}, {"304", "Not Modified"},
	{"4xx", "any client error"}, {"400", "Bad Request"}, {"401", "Unauthorized"}, {"403", "Forbidden"}, {"404", "Not Found"},
	{"409", "Conflict"}, {"412", "Precondition Failed"}, {"415", "Unsupported Media Type"}, {"422", "Unprocessable Content"},
	{"429", "Too Many Requests"}, {"5xx", "any server error"}, {"500", "Internal Server Error"}, {"502", "Bad Gateway"}, {"503", "Service Unavailable"},
}
