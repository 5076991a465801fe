package output

import (
	"cmp"
	"crypto/sha256"
	"fmt"
	"io"
	"net/url"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/speclens/speclens/cmd/speclens/internal/render"
	"github.com/speclens/speclens/engine/analysis"
	"github.com/speclens/speclens/engine/text"
)

// The part of SARIF 2.1.0 that findings need. See
// https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/sarif-v2.1.0-os.html, whose section numbers the comments give.
type (
	sarifLog struct {
		Schema  string     `json:"$schema"`
		Version string     `json:"version"`
		Runs    []sarifRun `json:"runs"`
	}
	sarifRun struct { // 3.14
		Tool       sarifTool     `json:"tool"`
		ColumnKind string        `json:"columnKind"`
		Results    []sarifResult `json:"results"`
	}
	sarifTool struct {
		Driver sarifDriver `json:"driver"`
	}
	sarifDriver struct { // 3.19
		Name           string      `json:"name"`
		Version        string      `json:"version,omitempty"`
		InformationURI string      `json:"informationUri"`
		Rules          []sarifRule `json:"rules"`
	}
	sarifRule struct { // 3.49
		ID               string       `json:"id"`
		ShortDescription sarifMessage `json:"shortDescription"`
		HelpURI          string       `json:"helpUri,omitempty"`
	}
	sarifMessage struct {
		Text string `json:"text"`
	}
	sarifResult struct { // 3.27
		RuleID              string            `json:"ruleId"`
		RuleIndex           int               `json:"ruleIndex"`
		Level               string            `json:"level"`
		Message             sarifMessage      `json:"message"`
		Locations           []sarifLocation   `json:"locations"`
		RelatedLocations    []sarifLocation   `json:"relatedLocations,omitempty"`
		PartialFingerprints map[string]string `json:"partialFingerprints,omitempty"`
		Fixes               []sarifFix        `json:"fixes,omitempty"`
	}
	sarifLocation struct { // 3.28
		ID               *int          `json:"id,omitempty"`
		PhysicalLocation sarifPhysical `json:"physicalLocation"`
		Message          *sarifMessage `json:"message,omitempty"`
	}
	sarifPhysical struct {
		ArtifactLocation sarifArtifact `json:"artifactLocation"`
		Region           *sarifRegion  `json:"region,omitempty"`
	}
	sarifArtifact struct { // 3.4
		URI       string `json:"uri"`
		URIBaseID string `json:"uriBaseId,omitempty"`
	}
	sarifRegion struct { // 3.30
		StartLine   int `json:"startLine"`
		StartColumn int `json:"startColumn"`
		EndLine     int `json:"endLine"`
		EndColumn   int `json:"endColumn"`
	}
	sarifFix struct { // 3.55
		Description     sarifMessage  `json:"description"`
		ArtifactChanges []sarifChange `json:"artifactChanges"`
	}
	sarifChange struct {
		ArtifactLocation sarifArtifact      `json:"artifactLocation"`
		Replacements     []sarifReplacement `json:"replacements"`
	}
	sarifReplacement struct {
		DeletedRegion   sarifRegion   `json:"deletedRegion"`
		InsertedContent *sarifMessage `json:"insertedContent,omitempty"`
	}
)

// sarifSchemaURI names the schema of the format.
const sarifSchemaURI = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"

// sarifLevels are the words of SARIF for severities, section 3.27.10.
var sarifLevels = map[analysis.Severity]string{
	analysis.SeverityError: "error", analysis.SeverityWarning: "warning", analysis.SeverityInformation: "note",
}

// homepage is where the tool is described.
const homepage = "https://github.com/speclens/speclens"

// checkSARIF writes findings as SARIF 2.1.0, which code scanners show. Hints are left out: they ask for nothing.
func checkSARIF(w io.Writer, r CheckReport, _ Style) error {
	s := sarifWriter{source: r.Source, rules: map[string]int{}}
	s.run.Tool.Driver = sarifDriver{Name: "speclens", InformationURI: homepage, Rules: []sarifRule{}}
	if info, ok := debug.ReadBuildInfo(); ok {
		s.run.Tool.Driver.Version = info.Main.Version
	}
	s.run.ColumnKind = "utf16CodeUnits"
	s.run.Results = []sarifResult{}
	s.collectRules(r)
	for _, u := range r.Unreadable {
		s.run.Results = append(s.run.Results, sarifResult{
			RuleID: codeUnreadable, RuleIndex: s.rules[codeUnreadable], Level: "error", Message: sarifMessage{u.Err.Error()},
			Locations: []sarifLocation{{PhysicalLocation: sarifPhysical{ArtifactLocation: artifact(filepath.ToSlash(u.Path))}}},
		})
	}
	for _, f := range r.Files {
		for _, d := range f.Diagnostics {
			if d.Severity != analysis.SeverityHint {
				s.result(f, d)
			}
		}
	}
	return writeJSON(w, sarifLog{Schema: sarifSchemaURI, Version: "2.1.0", Runs: []sarifRun{s.run}}, "  ")
}

type sarifWriter struct {
	source Source
	run    sarifRun
	rules  map[string]int // code → its place among the rules
}

// collectRules lists every code that has a finding, once and ordered.
func (s *sarifWriter) collectRules(r CheckReport) {
	help := map[string]string{}
	for _, f := range r.Files {
		for _, d := range f.Diagnostics {
			if d.Severity != analysis.SeverityHint {
				help[d.Code] = cmp.Or(help[d.Code], d.CodeURL)
			}
		}
	}
	if len(r.Unreadable) > 0 {
		help[codeUnreadable] = ""
	}
	codes := make([]string, 0, len(help))
	for code := range help {
		codes = append(codes, code)
	}
	slices.Sort(codes)
	for i, code := range codes {
		s.rules[code] = i
		rule := sarifRule{ID: code, ShortDescription: sarifMessage{"speclens check " + code}}
		if u, err := url.Parse(help[code]); err == nil && u.Scheme == "https" && u.Host != "" {
			rule.HelpURI = help[code]
		}
		s.run.Tool.Driver.Rules = append(s.run.Tool.Driver.Rules, rule)
	}
}

func (s *sarifWriter) result(f CheckedFile, d analysis.Diagnostic) {
	path := s.source.slashPath(f.Doc.URI)
	res := sarifResult{
		RuleID: d.Code, RuleIndex: s.rules[d.Code], Level: sarifLevels[d.Severity], Message: sarifMessage{d.Message},
		Locations: []sarifLocation{{PhysicalLocation: sarifPhysical{artifact(path), region(f.Doc.Text, d.Span)}}},
	}
	// The same finding keeps its fingerprint when lines above it come and go.
	line := f.Doc.Text.Slice(f.Doc.Text.LineSpan(f.Doc.Text.LineAt(d.Span.Start)))
	sum := sha256.Sum256([]byte(strings.Join([]string{path, d.Code, d.Test, strings.TrimSpace(line)}, "\x00")))
	res.PartialFingerprints = map[string]string{"speclensFinding/v1": fmt.Sprintf("%x", sum[:16])}
	for i, rel := range d.Related {
		loc := sarifLocation{ID: &i, Message: &sarifMessage{rel.Message}}
		loc.PhysicalLocation.ArtifactLocation = artifact(s.source.slashPath(rel.URI))
		if other := s.source.Snap.Document(rel.URI); other != nil {
			loc.PhysicalLocation.Region = region(other.Text, rel.Span)
		}
		res.RelatedLocations = append(res.RelatedLocations, loc)
	}
	for _, fix := range d.Fixes {
		if len(fix.Edits) == 0 {
			continue
		}
		change := sarifChange{ArtifactLocation: artifact(path)}
		for _, e := range fix.Edits {
			rep := sarifReplacement{DeletedRegion: *region(f.Doc.Text, e.Span)}
			if e.New != "" {
				rep.InsertedContent = &sarifMessage{e.New}
			}
			change.Replacements = append(change.Replacements, rep)
		}
		res.Fixes = append(res.Fixes, sarifFix{sarifMessage{fix.Title}, []sarifChange{change}})
	}
	s.run.Results = append(s.run.Results, res)
}

func region(t *text.Text, span text.Span) *sarifRegion {
	var r sarifRegion
	r.StartLine, r.StartColumn = render.Position(t, span.Start)
	r.EndLine, r.EndColumn = render.Position(t, span.End)
	return &r
}

// artifact names a file: relative ones belong to the root of the sources.
func artifact(path string) sarifArtifact {
	if strings.HasPrefix(path, "/") || len(path) > 2 && path[1:3] == ":/" {
		if path[0] != '/' {
			path = "/" + path
		}
		return sarifArtifact{URI: (&url.URL{Scheme: "file", Path: path}).String()}
	}
	return sarifArtifact{URI: (&url.URL{Path: path}).String(), URIBaseID: "%SRCROOT%"}
}
