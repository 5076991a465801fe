package demo

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Password is what the sample user Ada logs in with; the sample workspace's .env file has it.
const Password = "correct-horse-battery"

// maxDelay bounds the slow endpoint.
const maxDelay = 30 * time.Second

// API is the sample API: users with login, create and read, a slow report, and one bug.
//
// The bug: a user's name comes back in lower case.
type API struct {
	mux *http.ServeMux

	mu     sync.Mutex
	users  map[int]user    // guarded by mu
	tokens map[string]bool // guarded by mu
	nextID int             // guarded by mu
}

type user struct {
	ID    int    `json:"id"`
	Name  string `json:"name"`
	Email string `json:"email,omitempty"`
	Role  string `json:"role"`
}

// NewAPI returns an API that knows Ada.
func NewAPI() *API {
	a := &API{
		mux:    http.NewServeMux(),
		users:  map[int]user{1: {ID: 1, Name: "Ada", Email: "ada@example.test", Role: "admin"}},
		tokens: map[string]bool{},
		nextID: 2,
	}
	a.mux.HandleFunc("GET /health", func(w http.ResponseWriter, _ *http.Request) {
		reply(w, http.StatusOK, map[string]any{"status": "ok"})
	})
	a.mux.HandleFunc("POST /login", a.login)
	a.mux.HandleFunc("POST /users", a.authorized(a.create))
	a.mux.HandleFunc("GET /users", a.authorized(a.list))
	a.mux.HandleFunc("GET /users/{id}", a.authorized(a.read))
	a.mux.HandleFunc("DELETE /users/{id}", a.authorized(a.remove))
	a.mux.HandleFunc("GET /report", a.report)
	return a
}

// ServeHTTP answers a request.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) { a.mux.ServeHTTP(w, r) }

func (a *API) login(w http.ResponseWriter, r *http.Request) {
	var in struct{ User, Password string }
	if !decode(w, r, &in) {
		return
	}
	if in.User != "ada" || in.Password != Password {
		reply(w, http.StatusUnauthorized, problem("wrong user or password"))
		return
	}
	token := rand.Text()
	a.mu.Lock()
	a.tokens[token] = true
	a.mu.Unlock()
	reply(w, http.StatusOK, map[string]any{"id": 1, "token": token})
}

// authorized lets only requests with a token of this API through.
func (a *API) authorized(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		a.mu.Lock()
		known := a.tokens[token]
		a.mu.Unlock()
		if !ok || !known {
			w.Header().Set("WWW-Authenticate", "Bearer")
			reply(w, http.StatusUnauthorized, problem("log in first, then send the token as `Authorization: Bearer …`"))
			return
		}
		next(w, r)
	}
}

func (a *API) create(w http.ResponseWriter, r *http.Request) {
	var in user
	if !decode(w, r, &in) {
		return
	}
	if in.Name == "" {
		reply(w, http.StatusUnprocessableEntity, problem("name must not be empty"))
		return
	}
	a.mu.Lock()
	in.ID, in.Role = a.nextID, "user"
	a.nextID++
	a.users[in.ID] = in
	a.mu.Unlock()
	w.Header().Set("Location", fmt.Sprintf("/users/%d", in.ID))
	reply(w, http.StatusCreated, in)
}

func (a *API) list(w http.ResponseWriter, _ *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	all := make([]user, 0, len(a.users))
	for id := 1; id < a.nextID; id++ {
		if u, ok := a.users[id]; ok {
			all = append(all, u)
		}
	}
	reply(w, http.StatusOK, map[string]any{"users": all, "total": len(all)})
}

func (a *API) read(w http.ResponseWriter, r *http.Request) {
	u, ok := a.find(r)
	if !ok {
		reply(w, http.StatusNotFound, problem("no user "+r.PathValue("id")))
		return
	}
	if u.ID != 1 {
		// The bug that the sample spec finds: names lose their capitals on the way out.
		u.Name = strings.ToLower(u.Name)
	}
	reply(w, http.StatusOK, u)
}

func (a *API) remove(w http.ResponseWriter, r *http.Request) {
	u, ok := a.find(r)
	if !ok {
		reply(w, http.StatusNotFound, problem("no user "+r.PathValue("id")))
		return
	}
	a.mu.Lock()
	delete(a.users, u.ID)
	a.mu.Unlock()
	w.WriteHeader(http.StatusNoContent)
}

func (a *API) find(r *http.Request) (user, bool) {
	id, err := strconv.Atoi(r.PathValue("id"))
	if err != nil {
		return user{}, false
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	u, ok := a.users[id]
	return u, ok
}

// report takes its time: `?delay=700ms`, 1 s where nothing is said.
func (a *API) report(w http.ResponseWriter, r *http.Request) {
	delay := time.Second
	if s := r.URL.Query().Get("delay"); s != "" {
		d, err := time.ParseDuration(s)
		if err != nil || d < 0 || d > maxDelay {
			reply(w, http.StatusBadRequest, problem("delay must be a duration of at most "+maxDelay.String()))
			return
		}
		delay = d
	}
	select {
	case <-time.After(delay):
		reply(w, http.StatusOK, map[string]any{"rows": 42, "took_ms": delay.Milliseconds()})
	case <-r.Context().Done():
	}
}

func decode(w http.ResponseWriter, r *http.Request, into any) bool {
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<20)).Decode(into); err != nil {
		reply(w, http.StatusBadRequest, problem("the body is not what was asked for: "+err.Error()))
		return false
	}
	return true
}

func problem(text string) map[string]any { return map[string]any{"error": text} }

func reply(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}
