// A client on the JDK: java Client.java STORE ADDRESS PORT NAME PROTOCOL; one line of JSON.
import java.io.FileInputStream;
import java.net.Socket;
import java.security.KeyStore;
import javax.net.ssl.*;

public class Client {
    public static void main(String[] arguments) throws Exception {
        KeyStore store = KeyStore.getInstance("PKCS12");
        try (FileInputStream in = new FileInputStream(arguments[0])) {
            store.load(in, "changeit".toCharArray());
        }
        TrustManagerFactory trusted = TrustManagerFactory.getInstance("PKIX");
        trusted.init(store);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, trusted.getTrustManagers(), null);
        int port = Integer.parseInt(arguments[2]);
        Socket plain = new Socket(arguments[1], port);
        String error = "";
        try (SSLSocket socket = (SSLSocket) context.getSocketFactory()
                .createSocket(plain, arguments[3], port, true)) {
            socket.setEnabledProtocols(new String[] {arguments[4]});
            socket.getOutputStream().write(("GET /index.html HTTP/1.1\r\nHost: " + arguments[3]
                + "\r\nConnection: close\r\n\r\n").getBytes("US-ASCII"));
            while (socket.getInputStream().read(new byte[4000]) > 0) {
                continue;
            }
        } catch (SSLException refused) {
            error = refused.getMessage().replace('"', '\'');
        }
        System.out.printf("{\"local_port\": %d, \"error\": \"%s\"}%n", plain.getLocalPort(), error);
    }
}
