package ide

import (
	"strings"

	"github.com/speclens/speclens/engine/spec"
	"github.com/speclens/speclens/schema"
)

// isThresholds reports whether the cursor is somewhere below `load.thresholds`.
func (p place) isThresholds() bool {
	return p.field.Name == "thresholds" && p.field.Level == schema.LevelLoad
}

// thresholdKeys offers the metrics, those of single tests by their aliases, and below a metric its statistics.
func (c *completer) thresholdKeys() {
	if c.place.spec.Items == nil {
		return
	}
	if c.place.spec.Items.Type == schema.TypeMap {
		for _, m := range spec.Metrics() {
			c.metric(m.Name, m)
		}
		for _, alias := range c.ownAliases() {
			for _, m := range spec.Metrics() {
				if m.PerTest {
					c.metric(alias+"."+m.Name, m)
				}
			}
		}
		return
	}
	m, ok := metricAt(c.at.Path[len(c.at.Path)-1].Key)
	if !ok {
		return
	}
	for _, stat := range m.Stats {
		c.key(stat, schema.FieldSpec{Type: schema.TypeString}, m.Doc, ` "${1:`+escapeSnippet(limitsOf(m, stat)[0])+`}"`, "", "")
	}
}

func (c *completer) metric(name string, m spec.Metric) {
	stat := m.Stats[0]
	c.key(name, schema.FieldSpec{Type: schema.TypeMap}, m.Doc, "\n  ${1:"+stat+`}: "${2:`+escapeSnippet(limitsOf(m, stat)[0])+`}"`, "", "")
}

// thresholdValues offers limits for the statistic at the cursor.
func (c *completer) thresholdValues() {
	n := len(c.at.Path)
	if n < 2 {
		return
	}
	if m, ok := metricAt(c.at.Path[n-2].Key); ok {
		for _, limit := range limitsOf(m, c.at.Path[n-1].Key) {
			c.value(CompletionItem{Label: limit, Kind: ItemValue, Doc: m.Doc})
		}
	}
}

// metricAt is the metric of a key of `thresholds`, which may begin with the alias of a test.
func metricAt(key string) (spec.Metric, bool) {
	key = key[strings.LastIndexByte(key, '.')+1:]
	for _, m := range spec.Metrics() {
		if m.Name == key {
			return m, true
		}
	}
	return spec.Metric{}, false
}

func limitsOf(m spec.Metric, stat string) []string {
	if limits, ok := m.Limits[stat]; ok {
		return limits
	}
	return m.Limits[""]
}

// ownAliases are those of the tests of this spec, which its load may name.
func (c *completer) ownAliases() []string {
	var list []string
	if c.scope.spec == nil {
		return nil
	}
	for _, t := range c.scope.spec.Tests.All() {
		if t.Alias.Value != "" {
			list = append(list, t.Alias.Value)
		}
		if len(list) == mostOffered {
			break
		}
	}
	return list
}

// loadScenario offers the shape of a scenario of a load; its name is free.
func (c *completer) loadScenario() {
	c.key("readers", schema.FieldSpec{Type: schema.TypeObject}, "A weighted group of tests; give it the name you like.",
		"\n  weight: ${1:1}\n  tests: ["+choice(2, c.ownAliases(), "")+"]", "", "")
}
