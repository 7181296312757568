// Receives Tidings' webhooks with nothing but Go's standard library.
//
//	TIDINGS_SECRET=whsec_... go run main.go 9000
//
// Answers 204 to what is signed with the secret and 401 to everything else; prints one line of JSON for each event.
// The same event can arrive twice: before you act on one, look its id up among those you have handled.
package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	maxBody   = 16 << 20
	tolerance = 5 * time.Minute // between their clock and ours
)

// verified says whether one of the signatures is ours and fresh (Standard Webhooks 1.0).
func verified(key []byte, header http.Header, body []byte) bool {
	timestamp := header.Get("webhook-timestamp")
	seconds, err := strconv.ParseInt(timestamp, 10, 64)
	if age := time.Since(time.Unix(seconds, 0)); err != nil || age > tolerance || age < -tolerance {
		return false
	}
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(header.Get("webhook-id") + "." + timestamp + "."))
	mac.Write(body)
	expected := []byte("v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	for _, given := range strings.Fields(header.Get("webhook-signature")) {
		if hmac.Equal([]byte(given), expected) {
			return true
		}
	}
	return false
}

// receiver writes every verified event to out.
func receiver(key []byte, out *json.Encoder) http.HandlerFunc {
	var lines sync.Mutex // one line at a time
	return func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
		if err != nil {
			w.WriteHeader(http.StatusRequestEntityTooLarge)
			return
		}
		if r.Method != http.MethodPost || !verified(key, r.Header, body) {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		lines.Lock()
		defer lines.Unlock()
		if err := out.Encode(map[string]any{"id": r.Header.Get("webhook-id"), "event": json.RawMessage(body)}); err != nil {
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		w.WriteHeader(http.StatusNoContent)
	}
}

func main() {
	log.SetFlags(0)
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(os.Getenv("TIDINGS_SECRET"), "whsec_"))
	if err != nil || len(key) < 24 || len(key) > 64 {
		log.Fatal("TIDINGS_SECRET must be whsec_ and 24 to 64 bytes in base64")
	}
	if len(os.Args) != 2 {
		log.Fatal("usage: go run main.go PORT")
	}
	listener, err := net.Listen("tcp", "127.0.0.1:"+os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	log.Printf("listening on http://%s/", listener.Addr())
	server := http.Server{Handler: receiver(key, json.NewEncoder(os.Stdout)), ReadTimeout: 15 * time.Second}
	log.Fatal(server.Serve(listener))
}
