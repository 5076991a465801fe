package run

import (
	"slices"

	"github.com/speclens/speclens/engine"
	"github.com/speclens/speclens/engine/spec"
)

// Unit is one thing that a schedule runs, for those who translate a plan instead of running it: a test, or a load.
type Unit struct {
	// Wave is the number of its wave; waves are ordered.
	Wave int
	Test *UnitTest // nil where it is a load
	Load *UnitLoad // nil where it is a test
}

// UnitTest is a test, or one row of its matrix.
type UnitTest struct {
	Key  engine.TestKey
	Doc  *engine.Document
	Spec *spec.Spec
	Test spec.TestAt
	// Row is the matrix row, -1 without a matrix; Name is that of the row.
	Row  int
	Name string
	// Feeds are the tests behind the names in its templates.
	Feeds map[string]UnitFeed
	// Wants are the names without whose value the test is skipped, sorted; WantsPrev says the same of the test before.
	Wants     []string
	WantsPrev bool
	// UsesPrev says that some test of its document uses the one before.
	UsesPrev bool
}

// UnitFeed is a test behind a name; Saved says that the name is one that the test saves, not its alias.
type UnitFeed struct {
	Key   engine.TestKey
	Saved bool
}

// UnitLoad is a spec in load mode.
type UnitLoad struct {
	Doc     *engine.Document
	Spec    *spec.Spec
	Profile spec.LoadProfile
	Tests   []UnitTest
	// Flows are what an iteration may consist of.
	Flows []UnitFlow
}

// UnitFlow is a weighted order of tests, as indices into those of its load. Name is empty where the spec names none.
type UnitFlow struct {
	Name   string
	Weight float64
	Tests  []int
}

// Units lists what the schedule runs, in the order of the waves, then by file and place.
func (s *Schedule) Units() []Unit {
	list := make([]Unit, len(s.units))
	for i, u := range s.units {
		list[i].Wave = s.jobs[i].wave
		if u.load == nil {
			t := unitTest(u)
			list[i].Test = &t
			continue
		}
		l := &UnitLoad{Doc: u.load.file.doc, Spec: u.load.file.spec, Profile: u.load.profile}
		l.Profile.Limits = u.load.limits()
		for _, inner := range u.load.units {
			l.Tests = append(l.Tests, unitTest(inner))
		}
		for _, f := range u.load.flows {
			l.Flows = append(l.Flows, UnitFlow{Name: f.name, Weight: f.weight, Tests: slices.Clone(f.units)})
		}
		list[i].Load = l
	}
	return list
}

func unitTest(u *unit) UnitTest {
	p := u.test
	t := UnitTest{
		Key: p.key, Doc: p.file.doc, Spec: p.file.spec, Test: p.at, Row: u.row, Name: u.info.Name,
		Wants: slices.Sorted(slices.Values(p.wants)), WantsPrev: p.wantsPrev, UsesPrev: p.file.usesPrev && p.file.scenario(),
	}
	if len(p.feeds) > 0 {
		t.Feeds = make(map[string]UnitFeed, len(p.feeds))
	}
	for name, f := range p.feeds {
		t.Feeds[name] = UnitFeed{Key: f.test.key, Saved: f.saved}
	}
	return t
}

// RowNames are the names of the rows of a test's matrix; nil without one.
func RowNames(t *spec.Test) []string {
	if len(t.Matrix) == 0 {
		return nil
	}
	names := make([]string, len(t.Matrix))
	for i, row := range t.Matrix {
		names[i] = rowName(t, row)
	}
	return names
}
