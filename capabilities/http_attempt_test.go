package capabilities

import (
	"context"
	"errors"
	"io"
	"net/http"
	"sync/atomic"
	"testing"
	"time"
)

func TestAnAttemptIsAContextLikeAnyOther(t *testing.T) {
	type key struct{}
	soon := func() time.Time { return time.Now().Add(20 * time.Millisecond) }
	late := func() time.Time { return time.Now().Add(time.Hour) }
	cause := errors.New("the attempt's time")
	for _, c := range []struct {
		name  string
		end   func(t *testing.T, parent context.CancelFunc, release context.CancelFunc)
		until func() time.Time
		want  error
	}{
		{"it ends at its deadline", func(*testing.T, context.CancelFunc, context.CancelFunc) {}, soon, context.DeadlineExceeded},
		{"it ends with its parent", func(_ *testing.T, parent, _ context.CancelFunc) { parent() }, late, context.Canceled},
		{"it ends when it is released", func(_ *testing.T, _, release context.CancelFunc) { release() }, late, context.Canceled},
	} {
		for _, asked := range []bool{false, true} { // whether somebody asks for Done before the end
			t.Run(c.name, func(t *testing.T) {
				parent, cancel := context.WithCancel(context.WithValue(t.Context(), key{}, "v"))
				defer cancel()
				at := c.until()
				ctx, release := WithAttempt(parent, at, cause)
				defer release()
				if end, ok := ctx.Deadline(); !ok || !end.Equal(at) || ctx.Value(key{}) != "v" {
					t.Errorf("deadline %v, value %v", end, ctx.Value(key{}))
				}
				if c.want == context.Canceled && ctx.Err() != nil { //nolint:errorlint // the table's own value
					t.Errorf("it has ended already: %v", ctx.Err())
				}
				if asked {
					_ = ctx.Done()
				}
				child, stop := context.WithCancel(ctx)
				if !asked {
					stop() // a child that is gone leaves nothing behind
				}
				defer stop()
				c.end(t, cancel, release)
				select {
				case <-ctx.Done():
				case <-time.After(time.Minute):
					t.Fatal("it never ends")
				}
				if err := ctx.Err(); !errors.Is(err, c.want) {
					t.Errorf("Err = %v, want %v", err, c.want)
				}
				if asked {
					<-child.Done()
				}
			})
		}
	}
	t.Run("its deadline is no later than the parent's", func(t *testing.T) {
		at := late()
		parent, cancel := context.WithDeadline(t.Context(), at)
		defer cancel()
		ctx, release := WithAttempt(parent, at.Add(time.Hour), cause)
		defer release()
		if end, _ := ctx.Deadline(); !end.Equal(at) {
			t.Errorf("deadline %v, want %v", end, at)
		}
	})
}

func TestTheDeadlineOfAnAttemptEndsItsRequestAndNoOther(t *testing.T) {
	var requests atomic.Int32
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		switch r.URL.Path {
		case "/head":
			<-r.Context().Done()
		case "/body":
			_, _ = io.WriteString(w, "begun")
			_ = http.NewResponseController(w).Flush()
			<-r.Context().Done()
		case "/slow":
			time.Sleep(80 * time.Millisecond) // longer than the attempts before, which must have left nothing behind
		}
	})
	c := client(t, HTTPLimits{})
	within := func(d time.Duration, path string) error {
		ctx, release := WithAttempt(t.Context(), time.Now().Add(d), errors.New("time is up"))
		defer release()
		_, err := c.Do(ctx, HTTPRequest{URL: s.URL + path}, HTTPHooks{})
		return err
	}
	for _, path := range []string{"/head", "/body"} {
		wantKind(t, within(30*time.Millisecond, path), HTTPTimeout, "timed out while")
		if err := within(time.Minute, "/"); err != nil { // which leaves a connection with a deadline behind
			t.Fatal(err)
		}
		if err := within(30*time.Millisecond, "/"); err != nil {
			t.Logf("a busy machine: %v", err)
		}
		if _, err := c.Do(t.Context(), HTTPRequest{URL: s.URL + "/slow"}, HTTPHooks{}); err != nil {
			t.Errorf("after an attempt's deadline: %v", err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	attempt, release := WithAttempt(ctx, time.Now().Add(time.Minute), errors.New("time is up"))
	defer release()
	before := requests.Load()
	go func() {
		for requests.Load() == before {
			time.Sleep(time.Millisecond)
		}
		cancel()
	}()
	_, err := c.Do(attempt, HTTPRequest{URL: s.URL + "/head"}, HTTPHooks{})
	wantKind(t, err, HTTPCanceled)
}
