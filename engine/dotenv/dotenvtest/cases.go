// Package dotenvtest is the table of `.env` files that the reader, check, run and the editor are held against.
package dotenvtest

import "strings"

// Case is one file: the variables that count, and where it is wrong.
type Case struct {
	Name, Content string
	Vars          map[string]string
	// Wrong are the findings as "LINE:COLUMN CODE".
	Wrong []string
}

type vars = map[string]string

// Cases are good and broken files. In the good lines M=1 often stands behind what is under test, so that a line which takes
// others with it is noticed.
var Cases = []Case{
	{"plain", "A=1\nM=1\n", vars{"A": "1", "M": "1"}, nil},
	{"no line break at the end", "A=1", vars{"A": "1"}, nil},
	{"an empty file", "", vars{}, nil},
	{"comments and empty lines", "# c\n\n  # d\nM=1\n", vars{"M": "1"}, nil},
	{"an empty value", "A=\nM=1\n", vars{"A": "", "M": "1"}, nil},
	{"blanks around everything", "  A = x y  \nM=1\n", vars{"A": "x y", "M": "1"}, nil},
	{"export", "export A=1\nexport\tB=2\nexport=3\n", vars{"A": "1", "B": "2", "export": "3"}, nil},
	{"any name", "Z-1=x\nÉ=y\na.b=z\n1=w\nM=1\n", vars{"Z-1": "x", "É": "y", "a.b": "z", "1": "w", "M": "1"}, nil},
	{"the last of two counts", "A=1\nA=2\n", vars{"A": "2"}, nil},
	{"an equals sign in the value", "A=b=c==\nM=1\n", vars{"A": "b=c==", "M": "1"}, nil},
	{"a byte order mark", "\uFEFFA=1\nM=1\n", vars{"A": "1", "M": "1"}, nil},
	{"a byte order mark before a broken line", "\uFEFFnope\nM=1\n", vars{"M": "1"}, []string{"1:1 env.syntax"}},
	{"line breaks of Windows", "A=1\r\nB=\"x\r\ny\"\r\nM=1\r\n", vars{"A": "1", "B": "x\ny", "M": "1"}, nil},
	{"line breaks of old Macs", "A=1\rM=1\r", vars{"A": "1", "M": "1"}, nil},
	{"a dollar stands for itself", "Z=1\nF=pa$Zq\nG=a$1b\nH=\"a${Z}b\"\nI=a\\$Zb\nJ=$(id)\n", vars{"Z": "1", "F": "pa$Zq", "G": "a$1b", "H": "a${Z}b", "I": `a\$Zb`, "J": "$(id)"}, nil},
	{"a comment behind a blank", "A=x # c\nB=x\t#c\nM=1\n", vars{"A": "x", "B": "x", "M": "1"}, nil},
	{"a hash that is no comment", "A=x#y\nB=#z\nM=1\n", vars{"A": "x#y", "B": "#z", "M": "1"}, nil},
	{"a comment in place of a value", "A= # c\nM=1\n", vars{"A": "", "M": "1"}, nil},
	{"a comment behind a quote", "A=\"x\" # c\nB='y'\t# d\nM=1\n", vars{"A": "x", "B": "y", "M": "1"}, nil},
	{"a hash in quotes", "A=\"x # y\"\nB='x # y'\n", vars{"A": "x # y", "B": "x # y"}, nil},
	{"single quotes are literal", "A='a\\n$B\"'\nM=1\n", vars{"A": `a\n$B"`, "M": "1"}, nil},
	{"blanks in quotes stay", "A=\" x \"\nB=' y '\n", vars{"A": " x ", "B": " y "}, nil},
	{"empty quotes", "A=\"\"\nB=''\nM=1\n", vars{"A": "", "B": "", "M": "1"}, nil},
	{"escapes in double quotes", `A="a\nb\tc\rd\"e\\f"` + "\nM=1\n", vars{"A": "a\nb\tc\rd\"e\\f", "M": "1"}, nil},
	{"an escaped backslash before the closing quote", `L="a\\"` + "\nM=1\n", vars{"L": `a\`, "M": "1"}, nil},
	{"unknown escapes keep their backslash", `A="c:\dir\xew\u0041"` + "\nM=1\n", vars{"A": `c:\dir\xew\u0041`, "M": "1"}, nil},
	{"no escapes without quotes", `A=a\nb\` + "\nM=1\n", vars{"A": `a\nb\`, "M": "1"}, nil},
	{"double quotes over several lines", "K=\"-----BEGIN\nabc=\n# no comment\n-----END\"\nM=1\n", vars{"K": "-----BEGIN\nabc=\n# no comment\n-----END", "M": "1"}, nil},
	{"a backslash before a line break in quotes", "A=\"x\\\ny\"\nM=1\n", vars{"A": "x\\\ny", "M": "1"}, nil},
	{"quotes inside a value", "A=x\"y\"\nB=it's\nM=1\n", vars{"A": `x"y"`, "B": "it's", "M": "1"}, nil},
	{"a line without an equals sign", "nope\nM=1\n", vars{"M": "1"}, []string{"1:1 env.syntax"}},
	{"a colon in place of it", "A: 1\nM=1\n", vars{"M": "1"}, []string{"1:1 env.syntax"}},
	{"export without a value", "  export A\nM=1\n", vars{"M": "1"}, []string{"1:3 env.syntax"}},
	{"no name", "=x\nM=1\n", vars{"M": "1"}, []string{"1:1 env.syntax"}},
	{"an open double quote in the middle", "A=1\nB=\"x\nM=1\n", vars{"A": "1", "M": "1"}, []string{"2:3 env.syntax"}},
	{"an open double quote at the end", "M=1\nB=\"x", vars{"M": "1"}, []string{"2:3 env.syntax"}},
	{"an open quote before another quoted value", "A=\"x\nB=\"y\"\nM=1\n", vars{"B": "y", "M": "1"}, []string{"1:3 env.syntax"}},
	{"a quote closed by nothing but an escaped one", `A="x\"` + "\nM=1\n", vars{"M": "1"}, []string{"1:3 env.syntax"}},
	{"an open single quote", "A='x\nM=1\n", vars{"M": "1"}, []string{"1:3 env.syntax"}},
	{"a single quote that closes on a later line", "A='x\ny'\nM=1\n", vars{"M": "1"}, []string{"1:3 env.syntax", "2:1 env.syntax"}},
	{"text behind a double quote", "AA=\"a\" trailing\nM=1\n", vars{"M": "1"}, []string{"1:8 env.syntax"}},
	{"text behind a single quote", "A='a'b\nM=1\n", vars{"M": "1"}, []string{"1:6 env.syntax"}},
	{"a hash right behind a quote", "A=\"a\"#c\nM=1\n", vars{"M": "1"}, []string{"1:6 env.syntax"}},
	{"several broken lines", "x\nA=1\ny\nz\nM=1\n", vars{"A": "1", "M": "1"}, []string{"1:1 env.syntax", "3:1 env.syntax", "4:1 env.syntax"}},
	{"a byte that is no UTF-8", "A=m\xfcll\nM=1\n", vars{"M": "1"}, []string{"1:1 env.encoding"}},
	{"UTF-16", "\xff\xfeA\x00=\x001\x00", vars{}, []string{"1:1 env.encoding"}},
	{"a NUL byte", "A=x\x00y\nM=1\n", vars{"M": "1"}, []string{"1:1 env.syntax"}},
	{"a value of 64 KiB", "A=" + strings.Repeat("x", 64<<10) + "\nM=1\n", vars{"A": strings.Repeat("x", 64<<10), "M": "1"}, nil},
	{"a longer value", "A=" + strings.Repeat("x", 64<<10+1) + "\nM=1\n", vars{"M": "1"}, []string{"1:1 env.limit"}},
	{"a longer value in quotes", "A=\"" + strings.Repeat("x", 64<<10+9) + "\"\nM=1\n", vars{"M": "1"}, []string{"1:3 env.limit"}},
	{"a file of more than 1 MiB", "M=1\n#" + strings.Repeat("x", 1<<20), vars{}, []string{"1:1 env.limit"}},
	{"more than 10,000 lines", strings.Repeat("\n", 9_999) + "M=1\nN=1\n", vars{"M": "1"}, []string{"10001:1 env.limit"}},
	{"references that would double with every line", bomb(), nil, nil},
}

// bomb is a file that grows beyond all memory where references are expanded.
func bomb() string {
	var b strings.Builder
	b.WriteString("A0=xxxxxxxxxx\n")
	for i := range 33 {
		n, before := string(rune('A'+i%26))+strings.Repeat("_", i/26), "${A0}"
		b.WriteString("A_" + n + "=\"" + before + before + "\"\n")
	}
	return b.String()
}
