# Methods and where they come from.
curl HOST/
curl HOST
curl HOST?x=1
curl 'HOST/a/b?c=d&e=f#top'
curl -X GET HOST/a
curl -X POST HOST/a
curl -XPUT HOST/a
curl -X DELETE HOST/a
curl --request PATCH HOST/a
curl -X OPTIONS HOST/a
curl -X PURGE HOST/a
curl -I HOST/a
curl --head HOST/a
curl -X HEAD -I HOST/a
curl -X GET -X POST HOST/a
curl -sSfvi HOST/a
curl -sXPOST HOST/a
curl --url HOST/a
curl --url HOST/a HOST/b
curl HOST/a HOST/b HOST/c
curl -- HOST/a
curl HOST/a -o /dev/null -w '%{http_code}' -D /dev/null
curl HOST/a -o /dev/null --next HOST/b -d x=1
curl -H 'A: 1' HOST/a --next -H 'B: 2' HOST/b
curl --silent --show-error --fail --location HOST/a
curl --sil --show-err HOST/a
curl --no-location HOST/a
curl -L --no-location HOST/a
curl HOST/redirect
curl -L HOST/redirect
curl -L HOST/redirect303 -d a=1
curl -L HOST/redirect307 -d a=1
curl -L HOST/redirect -d a=1
curl -L -X DELETE HOST/redirect307
curl -L --max-redirs 3 HOST/redirect
curl --max-redirs 0 -L HOST/a
curl -G HOST/a -d x=1 -d y=2
curl -G HOST/a?z=0 -d x=1
curl -G -I HOST/a -d x=1
curl --get --data-urlencode 'q=a b&c' HOST/a
curl -G HOST/a
curl -G -X POST HOST/a -d x=1
# Headers.
curl -H 'X-One: 1' HOST/a
curl -H 'X-One:1' HOST/a
curl -H 'X-One:    1   ' HOST/a
curl -H 'X-Empty;' HOST/a
curl -H 'X-Gone:' HOST/a
curl -H 'Accept: application/json' HOST/a
curl -H 'accept: application/json' -H 'ACCEPT-LANGUAGE: en' HOST/a
curl -H 'X-A: 1' -H 'X-A: 2' HOST/a
curl -H 'X-Colon: a:b:c' HOST/a
curl -H 'X-Quote: "a"' HOST/a
curl -H "X-Quote: it's" HOST/a
curl -H $'X-Tab: a\tb' HOST/a
curl -H 'X-Ctl: (a) [b] {c} <d>' HOST/a
curl -H 'User-Agent: mine' HOST/a
curl -A mine HOST/a
curl -A one -A two HOST/a
curl --user-agent 'Mozilla/5.0 (X11; Linux)' HOST/a
curl -A mine -H 'User-Agent: theirs' HOST/a
curl -e http://from.example/ HOST/a
curl -e one -e two HOST/a
curl --referer 'http://from.example/;auto' HOST/a
curl -b a=1 HOST/a
curl -b 'a=1; b=2' HOST/a
curl -b a=1 -b b=2 HOST/a
curl -b a=1 -b b=2 -b c=3 HOST/a
curl -H 'Cookie: a=1' HOST/a
curl -b a=1 -H 'Cookie: b=2' HOST/a
curl -H 'Content-Type: text/csv' -d 'a,b' HOST/a
curl -H 'content-type: text/plain' -d hello HOST/a
curl -H 'Authorization: Bearer x' HOST/a
curl -H 'X-Api-Key: k' HOST/a
curl -r 0-99 HOST/a
curl --range 10- HOST/a
curl --compressed HOST/a
curl -H 'Accept-Language: de-DE,de;q=0.9,en;q=0.8' HOST/a
curl -H 'Origin: http://from.example' -H 'Referer: http://from.example/x' HOST/a
curl -H 'If-None-Match: "abc"' HOST/a
curl -H 'X-Forwarded-For: 1.2.3.4, 5.6.7.8' HOST/a
curl -H 'Pragma: no-cache' -H 'Cache-Control: no-cache' HOST/a
# Credentials.
curl -u ada:pw HOST/a
curl --user ada:pw HOST/a
curl --basic -u ada:pw HOST/a
curl -u 'ada:p:w' HOST/a
curl -u 'ada:' HOST/a
curl -u a:b -u c:d HOST/a
curl http://ada:pw@BARE/a
curl http://ada:p%40w@BARE/a
curl http://ada@BARE/a
curl -u c:d http://ada:pw@BARE/a
curl --oauth2-bearer tok HOST/a
curl -u ada:pw -H 'Authorization: Bearer x' HOST/a
curl -u 'ada:pässwort' HOST/a
curl -u "$CRED" HOST/a
# Data.
curl -d a=1 HOST/a
curl -d a=1 -d b=2 HOST/a
curl -d 'a=1&b=2' HOST/a
curl -d '' HOST/a
curl -d 'a b' HOST/a
curl -d $'a\nb' HOST/a
curl -d 'ü=ä' HOST/a
curl --data a=1 --data-raw @b HOST/a
curl --data-raw '@file' HOST/a
curl --data-binary $'a\r\nb\n' HOST/a
curl --data-ascii a=1 HOST/a
curl -X PUT -d a=1 HOST/a
curl -X GET -d a=1 HOST/a
curl -X DELETE -d a=1 HOST/a
curl --data-urlencode 'a b' HOST/a
curl --data-urlencode '=a b' HOST/a
curl --data-urlencode 'q=a b&c=d' HOST/a
curl --data-urlencode 'q=ü/?' HOST/a
curl --data-urlencode 'q=~-_.!*()' HOST/a
curl --data-urlencode a=1 -d b=2 --data-urlencode 'c=3 4' HOST/a
curl --url-query 'a=b c' HOST/a
curl --url-query '+a=b' HOST/a?x=1
curl -d 'x={{name}}' HOST/a
curl -d '{{ env.TOKEN }}' HOST/a
curl -d '{"a":{"b":{"c":1}}}' HOST/a
curl -d '}}{{' HOST/a
curl -d '$100 & more' HOST/a
curl -d "\$100" HOST/a
curl -d 'back\slash' HOST/a
curl -d '<xml a="1"/>' -H 'Content-Type: application/xml' HOST/a
curl -d 'null' HOST/a
curl -d '123' HOST/a
curl -d 'true' HOST/a
curl -d '2020-01-01' HOST/a
curl -d '> 3' HOST/a
curl -d '~' HOST/a
curl -d ' padded ' HOST/a
curl -d '# comment' HOST/a
curl -d '- item' HOST/a
curl -d 'key: value' HOST/a
# JSON.
curl --json '{"a":1}' HOST/a
curl --json '{"a":' --json '1}' HOST/a
curl --json '[1,2,3]' HOST/a
curl --json '"text"' HOST/a
curl --json 'null' HOST/a
curl --json '{"a":1}' -H 'Accept: text/plain' HOST/a
curl --json '{"a":1}' -H 'Content-Type: application/vnd.api+json' HOST/a
curl --json '{}' -X PUT HOST/a
curl -H 'Content-Type: application/json' -d '{"a": "b c", "n": 12345678901234567890, "f": 1.50}' HOST/a
curl -H 'Content-Type: application/json' -d '{"a": null, "b": [true, false, {}], "c": []}' HOST/a
curl -H 'Content-Type: application/json; charset=utf-8' -d '{"a": 1}' HOST/a
curl -H 'Content-Type: application/json' -d '{"a":1,"a":2}' HOST/a
curl -H 'Content-Type: application/json' -d '{"broken":' HOST/a
curl -H 'Content-Type: application/json' -d '{"t": "{{name}}", "yes": "no", "null": "~", "1": "2"}' HOST/a
curl -H 'Content-Type: application/json' -d '{"u": "\u00e9\ud83d\ude00", "nl": "a\nb", "q": "\"", "s": "\/"}' HOST/a
curl -H 'Content-Type: application/json' -d '{"deep": {"er": {"est": [[1], [[2]]]}}}' HOST/a
curl -H 'Content-Type: application/json' -d '{"e": 1e3, "n": -0, "z": 0.0}' HOST/a
curl -H 'Content-Type: application/json' -d "{\"t\": \"$TOKEN\"}" HOST/a
curl -H 'Content-Type: application/json' -d "{\"n\": $N}" HOST/a
curl HOST/a -H 'Content-Type: application/json' -d '{"a b": 1, "c:d": 2, "#e": 3, "- f": 4, "": 5}'
curl HOST/graphql -H 'Content-Type: application/json' -d '{"query": "query { user(id: 1) { name } }", "variables": {}}'
# Forms.
curl -F a=1 HOST/a
curl -F a=1 -F b=2 HOST/a
curl -F 'a=b c' HOST/a
curl -F 'a=1;type=application/json' HOST/a
curl -F 'a=x;filename=x.txt' HOST/a
curl -F 'a="x;y"' HOST/a
curl -F 'a="quo\"ted"' HOST/a
curl --form-string 'a=@b;type=c' HOST/a
curl -F 'n"m=1' HOST/a
curl -X PUT -F a=1 HOST/a
curl -F 'a={"b":1};type=application/json' HOST/a
curl -F "t=$TOKEN" HOST/a
# URLs.
curl HOST/a/../b
curl HOST/a/./b
curl HOST/a/b/..
curl HOST/../../a
curl --path-as-is HOST/a/../b
curl HOST/a//b
curl 'HOST/a%20b'
curl 'HOST/a%2Fb?c=%26'
curl 'HOST/a?q=1+2'
curl 'HOST/a?q=a|b'
curl 'HOST/a?q=(x)'
curl "HOST/a?q='x'"
curl 'HOST/a;b=c,d'
curl 'HOST/a:b@c'
curl 'HOST/~ada'
curl 'HOST/a?'
curl 'HOST/?a=1&a=2'
curl 'HOST/{a,b}'
curl 'HOST/a[1-3]'
curl 'HOST/a[01-03]'
curl 'HOST/a[1-5:2]'
curl 'HOST/[a-c]'
curl 'HOST/{a,b}/[1-2]'
curl -g 'HOST/a?x[]=1&x[]=2'
curl -g 'HOST/a?f={b}'
curl 'HOST/a?x\[\]=1'
curl "HOST/$NAME_PLAIN/x"
curl "HOST/a?t=$TOKEN&n=$N"
curl BARE/a
curl BARE
# The shell around it.
curl HOST/a > /dev/null
curl HOST/a >/dev/null 2>&1
curl HOST/a 2>/dev/null
curl HOST/a | cat
curl HOST/a; curl HOST/b
curl HOST/a && curl HOST/b
curl HOST/a || curl HOST/b
X=1 curl HOST/a
env X=1 curl HOST/a
command curl HOST/a
time curl HOST/a
A=/x; curl HOST$A
export A=/x; curl HOST${A}/y
curl HOST/a # a comment
curl HOST/'a'"b"c
curl HOST/a{1,2}
echo a=1 | curl -d @- HOST/a
echo '{"a": 1}' | curl --json @- HOST/a
printf a=1 | curl --data-binary @- HOST/a
curl -d @- HOST/a <<< 'a=1'
(curl HOST/a)
{ curl HOST/a; }
if true; then curl HOST/a; fi
curl -k -4 -N -# --http1.1 --connect-timeout 5 --max-time 5 --retry 0 HOST/a
curl --tlsv1.2 --proto '=http,https' --ssl-no-revoke HOST/a
curl --noproxy '*' --keepalive-time 5 --tcp-nodelay HOST/a

# block
curl HOST/a \
  -H 'A: 1' \
  --data-raw $'{"a": "it\'s"}' \
  --compressed

# block
curl HOST/a -d @- <<END
a=1&t=$TOKEN
END

# block
curl HOST/a --data-binary @- <<'END'
line one $TOKEN
line two
END

# block
# A comment before it.
curl 'HOST/a' \
  -X 'POST' \
  -H 'accept: */*' \
  -H 'Content-Type: application/json' \
  -d '{
  "id": 0,
  "name": "doggie",
  "tags": [
    { "id": 0 }
  ]
}'
