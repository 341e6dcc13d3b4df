// Server or client on Go's crypto/tls:
// ends server CERTIFICATES KEY PORT VERSION KEYLOG
// ends client ADDRESS:PORT NAME ROOTS VERSION KEYLOG
// One line of JSON per session.
package main

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
)

var versions = map[string]uint16{"1.0": tls.VersionTLS10, "1.1": tls.VersionTLS11,
	"1.2": tls.VersionTLS12, "1.3": tls.VersionTLS13}

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func tell(session tls.ConnectionState, port int, request string) {
	names := map[uint16]string{}
	for name, number := range versions {
		names[number] = "TLSv" + name
	}
	line, err := json.Marshal(map[string]any{"protocol": names[session.Version],
		"suite": tls.CipherSuiteName(session.CipherSuite), "server_name": session.ServerName,
		"port": port, "resumed": session.DidResume, "request": request})
	must(err)
	fmt.Println(string(line))
}

func main() {
	arguments := os.Args[1:]
	keys, err := os.OpenFile(arguments[5], os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	must(err)
	version := versions[arguments[4]]
	config := &tls.Config{MinVersion: version, MaxVersion: version, KeyLogWriter: keys}
	if arguments[0] == "server" {
		pair, err := tls.LoadX509KeyPair(arguments[1], arguments[2])
		must(err)
		config.Certificates = []tls.Certificate{pair}
		listener, err := tls.Listen("tcp4", ":"+arguments[3], config)
		must(err)
		connection, err := listener.Accept()
		must(err)
		request, _ := bufio.NewReader(connection).ReadString('\n')
		tell(connection.(*tls.Conn).ConnectionState(),
			connection.RemoteAddr().(*net.TCPAddr).Port, strings.TrimSpace(request))
		io.WriteString(connection, "HTTP/1.0 200 OK\r\n\r\n<!doctype html><title>Reading room</title>\n")
		connection.Close()
		return
	}
	roots, err := os.ReadFile(arguments[3])
	must(err)
	config.ServerName, config.RootCAs = arguments[2], x509.NewCertPool()
	config.RootCAs.AppendCertsFromPEM(roots)
	connection, err := tls.Dial("tcp4", arguments[1], config)
	must(err)
	request := "GET /index.html HTTP/1.0"
	io.WriteString(connection, request+"\r\n\r\n")
	io.ReadAll(connection)
	tell(connection.ConnectionState(), connection.LocalAddr().(*net.TCPAddr).Port, request)
	connection.Close()
}
