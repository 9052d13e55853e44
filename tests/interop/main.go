// Opens what treering wrote with golang.org/x/mod/sumdb/note: a checkpoint under the log's key, and the
// same note under a witness's, whose verifier is written here from C2SP tlog-cosignature alone.
//
//	interop CHECKPOINT LOG-VKEY [WITNESS-VKEY]
package main

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"os"
	"strings"

	"golang.org/x/mod/sumdb/note"
)

// cosigner checks "cosignature/v1\ntime T\n" || text.
type cosigner struct {
	name string
	hash uint32
	key  ed25519.PublicKey
}

func (c *cosigner) Name() string    { return c.name }
func (c *cosigner) KeyHash() uint32 { return c.hash }
func (c *cosigner) Verify(text, sig []byte) bool {
	if len(sig) != 8+ed25519.SignatureSize {
		return false
	}
	time := binary.BigEndian.Uint64(sig)
	message := fmt.Sprintf("cosignature/v1\ntime %d\n%s", time, text)
	return ed25519.Verify(c.key, []byte(message), sig[8:])
}

func newCosigner(vkey string) (*cosigner, error) {
	parts := strings.SplitN(vkey, "+", 3)
	if len(parts) != 3 {
		return nil, fmt.Errorf("no verifier key: %q", vkey)
	}
	key, err := base64.StdEncoding.DecodeString(parts[2])
	if err != nil || len(key) != 33 || key[0] != 4 {
		return nil, fmt.Errorf("no cosigner's key: %q", vkey)
	}
	sum := sha256.Sum256(append([]byte(parts[0]+"\n"), key...))
	hash := binary.BigEndian.Uint32(sum[:])
	if fmt.Sprintf("%08x", hash) != parts[1] {
		return nil, fmt.Errorf("another key id: %q", vkey)
	}
	return &cosigner{parts[0], hash, key[1:]}, nil
}

func run() error {
	if len(os.Args) < 3 {
		return fmt.Errorf("usage: interop CHECKPOINT LOG-VKEY [WITNESS-VKEY]")
	}
	text, err := os.ReadFile(os.Args[1])
	if err != nil {
		return err
	}
	log, err := note.NewVerifier(os.Args[2])
	if err != nil {
		return err
	}
	known := []note.Verifier{log}
	for _, vkey := range os.Args[3:] {
		witness, err := newCosigner(vkey)
		if err != nil {
			return err
		}
		known = append(known, witness)
	}
	opened, err := note.Open(text, note.VerifierList(known...))
	if err != nil {
		return err
	}
	if len(opened.Sigs) != len(known) {
		return fmt.Errorf("%d of %d signatures match", len(opened.Sigs), len(known))
	}
	// One turned bit of the text, and nobody signed it.
	text[5] ^= 1
	if _, err := note.Open(text, note.VerifierList(known...)); err == nil {
		return fmt.Errorf("a changed note was opened, too")
	}
	fmt.Printf("interop: %d signatures match\n", len(opened.Sigs))
	return nil
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "interop:", err)
		os.Exit(1)
	}
}
