import Testing

@testable import Ingestion

/// Which addresses may be asked for documents.
@Suite struct HostAddressTests {
    @Test(arguments: [
        "0.0.0.0", "10.1.2.3", "100.64.0.1", "127.0.0.1", "127.255.255.254", "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.8",
        "192.168.1.1", "198.18.0.1", "198.19.255.255", "203.0.113.9", "224.0.0.1", "255.255.255.255", "::", "::1", "::ffff:10.0.0.1",
        "::ffff:169.254.169.254", "::10.0.0.1", "64:ff9b::a00:1", "fc00::1", "fd12::1", "fe80::1", "fec0::1", "ff02::1", "2001::1",
        "2001:db8::1", "2002:a00:1::1",
    ])
    func `What is not of the public internet is told`(text: String) throws {
        #expect(try #require(HostAddress(text)).isPublic == false)
    }

    @Test(arguments: [
        "1.1.1.1", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "128.0.0.1", "172.15.255.255", "172.32.0.0", "192.167.0.1",
        "198.17.255.255", "223.255.255.255", "::ffff:1.1.1.1", "2001:4860:4860::8888", "2606:4700::1111", "2a00::1",
    ])
    func `What is of the public internet is told`(text: String) throws {
        #expect(try #require(HostAddress(text)).isPublic)
    }

    @Test(arguments: ["", "localhost", "127.1", "1.2.3.4.5", "fe80::1%lo", "[::1]", "1.2.3.4 "])
    func `Other texts are no addresses`(text: String) {
        #expect(HostAddress(text) == nil)
    }

    @Test func `A name is looked up, and one that nobody knows has no address`() async {
        #expect(await HostAddress.lookUp("127.0.0.1").map(\.text) == ["127.0.0.1"])
        #expect(await HostAddress.lookUp("nobody.invalid").isEmpty)
    }
}
