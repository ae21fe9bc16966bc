package inprocess

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"syscall"
	"testing"
)

func do(ctx context.Context, t *testing.T, h http.HandlerFunc) (*http.Response, error) {
	t.Helper()
	r, err := http.NewRequestWithContext(ctx, "POST", "http://service/", strings.NewReader("ask"))
	if err != nil {
		t.Fatal(err)
	}
	return Client{h}.Do(r)
}

func TestClientAnswers(t *testing.T) {
	resp, err := do(t.Context(), t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.Header().Set("X-Early", "1")
		w.WriteHeader(http.StatusTeapot)
		w.WriteHeader(http.StatusOK) // too late, as with net/http
		w.Header().Set("X-Late", "1")
		w.Write(append(body, "ed"...))
	})
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil || string(body) != "asked" || resp.ContentLength != 5 {
		t.Errorf("body is %q of %d bytes (%v), want %q", body, resp.ContentLength, err, "asked")
	}
	if resp.StatusCode != http.StatusTeapot || resp.Header.Get("X-Early") != "1" || resp.Header.Get("X-Late") != "" {
		t.Errorf("status %d, header %v, want 418 and only X-Early", resp.StatusCode, resp.Header)
	}
}

func TestClientWithoutAnAnswer(t *testing.T) {
	if resp, err := do(t.Context(), t, func(http.ResponseWriter, *http.Request) {}); err != nil || resp.StatusCode != 200 {
		t.Errorf("a handler that does nothing: %v, want status 200", err)
	}
	if _, err := do(t.Context(), t, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("an aborted answer: %v, want a connection that was reset", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	if _, err := do(ctx, t, func(http.ResponseWriter, *http.Request) { cancel(); panic(http.ErrAbortHandler) }); !errors.Is(err, context.Canceled) {
		t.Errorf("a context that ends meanwhile: %v, want its error", err)
	}
	if _, err := do(ctx, t, func(http.ResponseWriter, *http.Request) { t.Error("called") }); !errors.Is(err, context.Canceled) {
		t.Errorf("a context that has ended: %v, want its error", err)
	}
}
