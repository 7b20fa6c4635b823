import TestPeers
import Foundation

/// An authority of its own, and Debian's nginx with certificates of it before a server that speaks plain HTTP.
///
/// `platform.test` has a certificate that holds; beside it stand one that has expired, one that is for its
/// name alone and not for 127.0.0.1, and one that wants to see the client's own.
final class SecureServer {
    let place: Place
    let port: Int
    let expiredPort: Int
    let namedPort: Int
    let mutualPort: Int
    private let nginx: ServerProcess

    init(before url: String) async throws {
        place = try Place()
        let folder = place.folder
        port = freePort()
        expiredPort = freePort()
        namedPort = freePort()
        mutualPort = freePort()
        try Self.makeCertificates(in: place)
        let servers = [
            (port, "good", ""), (expiredPort, "expired", ""), (namedPort, "named", ""), (mutualPort, "good", "on"),
        ].map {
            """
            server {
                listen 127.0.0.1:\($0.0) ssl;
                ssl_certificate \(folder)/\($0.1).pem;
                ssl_certificate_key \(folder)/\($0.1).key;
                \($0.2.isEmpty ? "" : "ssl_verify_client on; ssl_client_certificate \(folder)/ca.pem;")
                location / { proxy_pass \(url); proxy_buffering off; proxy_http_version 1.1; }
            }
            """
        }
        try place.write(
            """
            daemon off; master_process off; pid \(folder)/nginx.pid; error_log stderr notice;
            events {}
            http {
                access_log off;
                client_body_temp_path \(folder)/body; proxy_temp_path \(folder)/proxy;
                fastcgi_temp_path \(folder)/f; uwsgi_temp_path \(folder)/u; scgi_temp_path \(folder)/s;
                \(servers.joined(separator: "\n"))
            }
            """, to: "nginx.conf")
        nginx = try ServerProcess(
            ["nginx", "-p", folder, "-c", "\(folder)/nginx.conf"], in: folder, ["HOME": folder],
            until: "using the \"epoll\"")
    }

    private static func makeCertificates(in place: Place) throws {
        let folder = place.folder
        let key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
        try Tool.run(
            ["openssl", "req", "-x509", "-days", "2", "-subj", "/CN=An authority of a test", "-out", "ca.pem"]
                + ["-keyout", "ca.key"] + key, in: folder)
        try FileManager.default.createDirectory(atPath: "\(folder)/issued", withIntermediateDirectories: false)
        try place.write("", to: "index.txt")
        try place.write("01\n", to: "serial")
        try place.write(
            """
            [ca]
            default_ca = test
            [test]
            database = \(folder)/index.txt
            serial = \(folder)/serial
            new_certs_dir = \(folder)/issued
            certificate = \(folder)/ca.pem
            private_key = \(folder)/ca.key
            default_md = sha256
            unique_subject = no
            policy = any
            [any]
            commonName = supplied
            """, to: "ca.conf")
        let both = "DNS:platform.test,IP:127.0.0.1"
        for (name, end, names) in [
            ("good", "21000101000000Z", both), ("expired", "20210101000000Z", both),
            ("named", "21000101000000Z", "DNS:platform.test"),
        ] {
            try place.write("subjectAltName=\(names)\n", to: "names")
            try Tool.run(
                [
                    "openssl", "req", "-new", "-subj", "/CN=platform.test", "-out", "\(name).csr", "-keyout",
                    "\(name).key",
                ]
                    + key, in: folder)
            try Tool.run(
                ["openssl", "ca", "-batch", "-config", "ca.conf", "-extfile", "names", "-in", "\(name).csr"]
                    + ["-out", "\(name).pem", "-notext", "-startdate", "20200101000000Z", "-enddate", end], in: folder)
        }
    }
}

/// Debian's squid, which lets tunnels through alone, asks for a name and a password, and knows where `platform.test` is, which nobody else does.
final class ForwardProxy {
    let port: Int
    private let squid: ServerProcess
    private let place: Place

    init() async throws {
        place = try Place()
        let folder = place.folder
        port = freePort()
        try place.write("127.0.0.1 platform.test\n", to: "hosts")
        try place.write(
            """
            #!/bin/sh
            while read -r line; do case $line in 'me s%40cret' | 'me s@cret') echo OK ;; *) echo ERR ;; esac; done
            """, to: "check")
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: "\(folder)/check")
        // As root it gives its rights away, and has to write here all the same.
        try FileManager.default.setAttributes([.posixPermissions: 0o777], ofItemAtPath: folder)
        try place.write(
            """
            http_port 127.0.0.1:\(port)
            hosts_file \(folder)/hosts
            pid_filename none
            access_log none
            cache_log \(folder)/cache.log
            coredump_dir \(folder)
            cache deny all
            netdb_filename none
            pinger_enable off
            shutdown_lifetime 0 seconds
            auth_param basic program \(folder)/check
            auth_param basic children 1 startup=1
            acl known proxy_auth REQUIRED
            acl tunnel method CONNECT
            http_access deny !tunnel
            http_access allow known
            http_access deny all
            """, to: "squid.conf")
        squid = try ServerProcess(
            ["squid", "-N", "-d", "1", "-n", "bim\(port)", "-f", "\(folder)/squid.conf"], in: folder,
            ["HOME": folder], until: "Accepting HTTP Socket connections at")
    }

}

/// A port that nobody listens on at this moment, for servers that cannot choose one themselves.
private func freePort() -> Int {
    let socket = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(socket) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    withUnsafeMutablePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            _ = bind(socket, $0, length)
            _ = getsockname(socket, $0, &length)
        }
    }
    return Int(in_port_t(bigEndian: address.sin_port))
}
