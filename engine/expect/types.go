package expect

import (
	"net/mail"
	"net/netip"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/speclens/speclens/engine/value"
)

// Type documents one word that can stand behind `is`.
type Type struct {
	Name     string
	Synonyms []string
	Doc      string // Markdown
	Example  string
	// Format says that it is text of a certain form rather than a type.
	Format bool

	test func(v any) bool
}

// Types lists the types and formats.
var Types = []Type{
	{Name: "null", Synonyms: []string{"nil"}, Doc: "Null, or missing.", Example: "null", test: kindIs(value.KindNull)},
	{Name: "bool", Synonyms: []string{"boolean"}, Doc: "`true` or `false`.", Example: "true", test: kindIs(value.KindBool)},
	{Name: "int", Synonyms: []string{"integer"}, Doc: "A whole number; `2.0` is one, the text `\"2\"` is not.", Example: "42", test: isInt},
	{
		Name: "number", Synonyms: []string{"float"}, Doc: "Any number; text that spells one is not.", Example: "4.2",
		test: kindIs(value.KindNumber),
	},
	{Name: "string", Doc: "Text, also when it spells a number.", Example: `"42"`, test: kindIs(value.KindText)},
	{Name: "array", Synonyms: []string{"list", "slice"}, Doc: "A list.", Example: "[1, 2]", test: kindIs(value.KindList)},
	{Name: "object", Synonyms: []string{"map"}, Doc: "An object.", Example: "{a: 1}", test: kindIs(value.KindObject)},
	{Name: "email", Format: true, Doc: "Text that is an e-mail address.", Example: `"ada@example.com"`, test: textIs(isEmail)},
	{
		Name: "uuid", Format: true, Doc: "Text that is a UUID of any version.", Example: `"7f1c2b9e-3d54-4c1a-9b0e-5a6f7c8d9e01"`,
		test: textIs(uuidPattern.MatchString),
	},
	{Name: "url", Format: true, Doc: "Text that is an absolute URL.", Example: `"https://example.com/a"`, test: textIs(isURL)},
	{Name: "date", Format: true, Doc: "Text that is a day, `2006-01-02`.", Example: `"2026-01-31"`, test: textIs(isDate)},
	{
		Name: "datetime", Format: true, Doc: "Text that is a moment as RFC 3339 writes it; the zone may be missing.",
		Example: `"2026-01-31T12:00:00Z"`, test: textIs(isDateTime),
	},
	{Name: "ip", Format: true, Doc: "Text that is an IPv4 or IPv6 address.", Example: `"192.0.2.1"`, test: textIs(isIP)},
}

// TypeNamed returns the type of that name or synonym, in any case, or nil.
func TypeNamed(name string) *Type {
	for i := range Types {
		if strings.EqualFold(Types[i].Name, name) {
			return &Types[i]
		}
		for _, s := range Types[i].Synonyms {
			if strings.EqualFold(s, name) {
				return &Types[i]
			}
		}
	}
	return nil
}

func typeNames() []string {
	var list []string
	for i := range Types {
		list = append(list, Types[i].Name)
		list = append(list, Types[i].Synonyms...)
	}
	return list
}

func kindIs(kind value.Kind) func(any) bool {
	return func(v any) bool { return value.KindOf(v) == kind }
}

func textIs(test func(string) bool) func(any) bool {
	return func(v any) bool {
		s, ok := value.String(v)
		return ok && test(s)
	}
}

func isInt(v any) bool {
	d, ok := value.NumberOf(v)
	return ok && d.IsInt()
}

func isEmail(s string) bool {
	a, err := mail.ParseAddress(s)
	return err == nil && a.Name == "" && a.Address == s // not "Ada <ada@example.com>"
}

var uuidPattern = regexp.MustCompile(`^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$`)

func isURL(s string) bool {
	u, err := url.Parse(s)
	return err == nil && u.Scheme != "" && (u.Host != "" || u.Opaque != "") && !strings.ContainsAny(s, " \t\r\n")
}

func isDate(s string) bool {
	_, err := time.Parse(time.DateOnly, s)
	return err == nil
}

func isDateTime(s string) bool {
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02 15:04:05Z07:00"} {
		// A fraction of a second is accepted behind the seconds of any layout.
		if _, err := time.Parse(layout, s); err == nil {
			return true
		}
	}
	return false
}

func isIP(s string) bool {
	a, err := netip.ParseAddr(s)
	return err == nil && a.Zone() == ""
}
