package wire

import (
	"context"
	"io"
	"strconv"
	"sync"
	"time"
)

// Limits of what may wait for a slow peer, in bytes.
const (
	// softLimit is where answers wait for room and messages that may be lost are lost.
	softLimit = 16 << 20
	// hardLimit is where the connection is given up.
	hardLimit = 4 * softLimit
)

// queue holds the messages for a peer until one goroutine has written them, so that nobody else ever waits for a peer
// that does not read.
type queue struct {
	mu sync.Mutex
	// items wait in order; keyed finds those that a later message of the same key replaces. Guarded by mu.
	items []*item
	keyed map[string]*item
	bytes int // of items; guarded by mu
	// dropped counts the messages that were lost for want of room. Guarded by mu.
	dropped int
	writing bool  // guarded by mu
	err     error // why nothing more is taken; guarded by mu

	// changed is closed and replaced whenever the queue got shorter or ended. Guarded by mu.
	changed chan struct{}
	wake    chan struct{}
}

type item struct {
	key  string
	body []byte
}

func newQueue() *queue {
	return &queue{keyed: map[string]*item{}, changed: make(chan struct{}), wake: make(chan struct{}, 1)}
}

// put appends a message. One with a key replaces an earlier one of that key which still waits, in its place.
func (q *queue) put(body []byte, key string) error { return q.add(body, key, false) }

// offer appends a message that may be lost where the peer is slow.
func (q *queue) offer(body []byte) error { return q.add(body, "", true) }

func (q *queue) add(body []byte, key string, optional bool) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.err != nil {
		return q.err
	}
	if old := q.keyed[key]; key != "" && old != nil {
		q.bytes += len(body) - len(old.body)
		old.body = body
		return nil
	}
	if optional && q.bytes > softLimit {
		q.dropped++
		return nil
	}
	if q.bytes+len(body) > hardLimit && len(q.items) > 0 {
		q.fail(ErrStalled)
		return q.err
	}
	it := &item{key: key, body: body}
	q.items = append(q.items, it)
	q.bytes += len(body)
	if key != "" {
		q.keyed[key] = it
	}
	select {
	case q.wake <- struct{}{}:
	default:
	}
	return nil
}

// fail ends the queue. The caller holds mu.
func (q *queue) fail(err error) {
	if q.err == nil {
		q.err = err
		q.announce()
		select {
		case q.wake <- struct{}{}:
		default:
		}
	}
}

// announce tells who waits that something changed. The caller holds mu.
func (q *queue) announce() {
	close(q.changed)
	q.changed = make(chan struct{})
}

// end refuses every further message and drops those that wait.
func (q *queue) end(err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.fail(err)
	q.items, q.keyed, q.bytes = nil, nil, 0
}

// lost is the number of messages that were dropped.
func (q *queue) lost() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.dropped
}

// room waits until less than softLimit waits, the queue ends or ctx is done.
func (q *queue) room(ctx context.Context) error {
	return q.until(ctx, func() bool { return q.bytes <= softLimit })
}

// flush waits until everything is written, the queue ends or the time is over.
func (q *queue) flush(timeout time.Duration) {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	_ = q.until(ctx, func() bool { return len(q.items) == 0 && !q.writing })
}

func (q *queue) until(ctx context.Context, reached func() bool) error {
	for {
		q.mu.Lock()
		ok, err, changed := reached(), q.err, q.changed
		q.mu.Unlock()
		if ok || err != nil {
			return err
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// run writes what is put until the queue ends. It returns why it ended.
func (q *queue) run(w io.Writer) error {
	var frame []byte
	for {
		body, err := q.next()
		if err != nil {
			return err
		}
		if body == nil {
			<-q.wake
			continue
		}
		frame = append(frame[:0], "Content-Length: "...)
		frame = strconv.AppendInt(frame, int64(len(body)), 10)
		frame = append(frame, "\r\n\r\n"...)
		frame = append(frame, body...)
		if _, err := w.Write(frame); err != nil {
			q.end(err)
			return err
		}
		if cap(frame) > 1<<20 {
			frame = nil
		}
	}
}

// next takes the first message; nil where none waits.
func (q *queue) next() ([]byte, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.writing = false
	q.announce()
	if q.err != nil {
		return nil, q.err
	}
	if len(q.items) == 0 {
		return nil, nil
	}
	it := q.items[0]
	q.items[0] = nil
	q.items = q.items[1:]
	q.bytes -= len(it.body)
	if it.key != "" {
		delete(q.keyed, it.key)
	}
	q.writing = true
	return it.body, nil
}
