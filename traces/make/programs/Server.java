// An HTTPS server on the JDK: java Server.java STORE PORT PROTOCOL; one line of JSON for its session.
import java.io.FileInputStream;
import java.security.KeyStore;
import java.util.List;
import javax.net.ssl.*;

public class Server {
    public static void main(String[] arguments) throws Exception {
        char[] password = "changeit".toCharArray();
        KeyStore store = KeyStore.getInstance("PKCS12");
        try (FileInputStream in = new FileInputStream(arguments[0])) {
            store.load(in, password);
        }
        KeyManagerFactory keys = KeyManagerFactory.getInstance("PKIX");
        keys.init(store, password);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(keys.getKeyManagers(), null, null);
        SSLServerSocket listener = (SSLServerSocket) context.getServerSocketFactory()
            .createServerSocket(Integer.parseInt(arguments[1]));
        listener.setEnabledProtocols(new String[] {arguments[2]});
        try (SSLSocket socket = (SSLSocket) listener.accept()) {
            byte[] request = new byte[4000];
            int size = socket.getInputStream().read(request);
            ExtendedSSLSession session = (ExtendedSSLSession) socket.getSession();
            List<SNIServerName> names = session.getRequestedServerNames();
            String name = names.isEmpty() ? "" : ((SNIHostName) names.get(0)).getAsciiName();
            String line = new String(request, 0, size, "US-ASCII").split("\r\n")[0];
            System.out.printf("{\"protocol\": \"%s\", \"suite\": \"%s\", \"server_name\": \"%s\", "
                + "\"remote_port\": %d, \"resumed\": false, \"request\": \"%s\"}%n",
                session.getProtocol(), session.getCipherSuite(), name, socket.getPort(), line);
            socket.getOutputStream().write(("HTTP/1.0 200 OK\r\n\r\n<!doctype html><title>Reading "
                + "room</title><p>Open from 8 to 22.\n").getBytes("US-ASCII"));
        }
    }
}
