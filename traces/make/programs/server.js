// An HTTPS server on Node: node server.js CERTIFICATES KEY PORT VERSION KEYLOG;
// one line of JSON per session.
const fs = require("node:fs");
const https = require("node:https");
const [certificates, key, port, version, keylog] = process.argv.slice(2);
const server = https.createServer(
  { cert: fs.readFileSync(certificates), key: fs.readFileSync(key),
    minVersion: version, maxVersion: version },
  (request, response) => {
    const socket = request.socket;
    console.log(JSON.stringify({
      protocol: socket.getProtocol(), suite: socket.getCipher().standardName,
      server_name: socket.servername || "", remote_port: socket.remotePort,
      resumed: socket.isSessionReused(), request: `${request.method} ${request.url}`,
    }));
    response.end("<!doctype html><title>Reading room</title><p>Open from 8 to 22.\n");
  },
);
server.on("keylog", (line) => fs.appendFileSync(keylog, line));
server.listen(Number(port), "0.0.0.0");
