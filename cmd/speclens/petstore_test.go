package main

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/rogpeppe/go-internal/testscript"
)

// petstore is an API that keeps to a document: it refuses bodies that do not meet their schemas, credentials that are not
// those of the operation, and whatever is done in an order that cannot work.
type petstore struct {
	doc *openapi3.T

	mu     sync.Mutex // guards what follows
	next   int
	owners map[string]map[string]any
	pets   map[string]map[string]any
	orders map[string]map[string]any
	token  string
}

// scriptPetstore serves the API of a document as $API and @API@.
func scriptPetstore(ts *testscript.TestScript, _ bool, args []string) {
	content, err := os.ReadFile(ts.MkAbs(args[0]))
	ts.Check(err)
	doc, err := openapi3.NewLoader().LoadFromData(content)
	ts.Check(err)
	p := &petstore{
		doc: doc, next: 9007199254740992, owners: map[string]map[string]any{}, pets: map[string]map[string]any{},
		orders: map[string]map[string]any{},
	}
	server := httptest.NewServer(p.handler())
	ts.Defer(server.Close)
	ts.Setenv("API", server.URL)
	replaceMark(ts, "@API@", server.URL)
}

func (p *petstore) handler() http.Handler {
	mux := http.NewServeMux()
	basic := "Basic " + base64.StdEncoding.EncodeToString([]byte("ada:pw"))
	handle := func(pattern string, do func(w http.ResponseWriter, r *http.Request, body map[string]any)) {
		method, path, _ := strings.Cut(pattern, " ")
		op := p.doc.Paths.Value(path).GetOperation(method)
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			p.mu.Lock()
			defer p.mu.Unlock()
			switch {
			case op.Security == nil && r.Header.Get("Authorization") != "Bearer t0ken",
				op.Security != nil && len(*op.Security) > 0 && (r.Header.Get("X-Key") != "k3y" || r.Header.Get("Authorization") != basic),
				op.Security != nil && len(*op.Security) == 0 && r.Header.Get("Authorization") != "":
				http.Error(w, "wrong credentials", http.StatusUnauthorized)
				return
			}
			var body map[string]any
			if op.RequestBody != nil {
				media := op.RequestBody.Value.Content.Get(r.Header.Get("Content-Type"))
				if media == nil {
					http.Error(w, "wrong type", http.StatusUnsupportedMediaType)
					return
				}
				decoder := json.NewDecoder(r.Body)
				decoder.UseNumber()
				if err := decoder.Decode(&body); err != nil {
					http.Error(w, err.Error(), http.StatusBadRequest)
					return
				}
				if err := media.Schema.Value.VisitJSON(map[string]any(body), openapi3.VisitAsRequest(), openapi3.EnableFormatValidation()); err != nil {
					http.Error(w, err.Error(), http.StatusUnprocessableEntity)
					return
				}
			}
			do(w, r, body)
		})
	}
	p.serveOwners(handle)
	p.servePets(handle)
	p.serveOrders(handle)
	return mux
}

type register func(pattern string, do func(w http.ResponseWriter, r *http.Request, body map[string]any))

func answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}

func (p *petstore) serveOwners(handle register) {
	handle("POST /owners", func(w http.ResponseWriter, _ *http.Request, body map[string]any) {
		p.next++
		id := fmt.Sprintf("00000000-0000-4000-8000-%012d", p.next%1e12)
		body["id"] = id
		p.owners[id] = body
		answer(w, http.StatusCreated, body)
	})
	handle("GET /owners", func(w http.ResponseWriter, _ *http.Request, _ map[string]any) {
		items := []any{}
		for _, o := range p.owners {
			items = append(items, o)
		}
		answer(w, http.StatusOK, map[string]any{"items": items, "total": len(items)})
	})
	handle("GET /owners/{ownerId}", func(w http.ResponseWriter, r *http.Request, _ map[string]any) {
		p.found(w, p.owners[r.PathValue("ownerId")])
	})
	handle("PUT /owners/{ownerId}", func(w http.ResponseWriter, r *http.Request, body map[string]any) {
		id := r.PathValue("ownerId")
		if p.owners[id] == nil {
			http.NotFound(w, r)
			return
		}
		body["id"] = id
		p.owners[id] = body
		answer(w, http.StatusOK, body)
	})
	handle("DELETE /owners/{ownerId}", func(w http.ResponseWriter, r *http.Request, _ map[string]any) {
		id := r.PathValue("ownerId")
		for _, pet := range p.pets {
			if pet["ownerId"] == id {
				http.Error(w, "the owner still has pets", http.StatusConflict)
				return
			}
		}
		p.gone(w, r, p.owners, id)
	})
}

func (p *petstore) servePets(handle register) {
	handle("POST /owners/{ownerId}/pets", func(w http.ResponseWriter, r *http.Request, body map[string]any) {
		if p.owners[r.PathValue("ownerId")] == nil {
			http.NotFound(w, r)
			return
		}
		p.next++
		body["id"], body["ownerId"], body["created"] = p.next, r.PathValue("ownerId"), "2026-01-31T12:00:00Z"
		p.pets[fmt.Sprint(p.next)] = body
		w.Header().Set("Location", fmt.Sprint(r.URL.Path, "/", p.next))
		answer(w, http.StatusCreated, body)
	})
	handle("GET /owners/{ownerId}/pets", func(w http.ResponseWriter, r *http.Request, _ map[string]any) {
		items := []any{}
		for _, pet := range p.pets {
			if pet["kind"] == r.URL.Query().Get("kind") {
				items = append(items, pet)
			}
		}
		answer(w, http.StatusOK, items)
	})
	handle("GET /owners/{ownerId}/pets/{petId}", func(w http.ResponseWriter, r *http.Request, _ map[string]any) {
		p.found(w, p.pets[r.PathValue("petId")])
	})
	handle("PATCH /owners/{ownerId}/pets/{petId}", func(w http.ResponseWriter, r *http.Request, body map[string]any) {
		pet := p.pets[r.PathValue("petId")]
		if pet != nil {
			pet["name"] = body["name"]
		}
		p.found(w, pet)
	})
	handle("DELETE /owners/{ownerId}/pets/{petId}", func(w http.ResponseWriter, r *http.Request, _ map[string]any) {
		p.gone(w, r, p.pets, r.PathValue("petId"))
	})
}

func (p *petstore) serveOrders(handle register) {
	handle("POST /orders", func(w http.ResponseWriter, r *http.Request, body map[string]any) {
		if p.pets[fmt.Sprint(body["petId"])] == nil {
			http.Error(w, "there is no such pet", http.StatusNotFound)
			return
		}
		body["id"], body["status"] = "o/1 2", "placed"
		p.orders["o/1 2"], p.token = body, "tok & en"
		w.Header().Set("Location", "http://"+r.Host+"/orders/o%2F1%202")
		w.Header().Set("X-Token", p.token)
		w.WriteHeader(http.StatusCreated)
	})
	handle("GET /orders/{orderId}", func(w http.ResponseWriter, r *http.Request, _ map[string]any) {
		p.found(w, p.orders[r.PathValue("orderId")])
	})
	handle("GET /orders/status", func(w http.ResponseWriter, r *http.Request, _ map[string]any) {
		if r.URL.Query().Get("token") != p.token {
			http.Error(w, "wrong token", http.StatusForbidden)
			return
		}
		w.Header().Set("Content-Type", "text/plain")
		_, _ = w.Write([]byte("placed"))
	})
}

func (p *petstore) found(w http.ResponseWriter, v map[string]any) {
	if v == nil {
		http.Error(w, "no such thing", http.StatusNotFound)
		return
	}
	answer(w, http.StatusOK, v)
}

func (p *petstore) gone(w http.ResponseWriter, r *http.Request, from map[string]map[string]any, id string) {
	if from[id] == nil {
		http.NotFound(w, r)
		return
	}
	delete(from, id)
	w.WriteHeader(http.StatusNoContent)
}
