import Testing

@testable import Extraction

/// Pages made to exhaust a parser: each is read, without deep recursion and in bounded memory.
@Suite struct HostileHTMLTests {
    struct Page: CustomTestStringConvertible {
        let testDescription: String
        let body: String

        init(_ name: String, _ body: String) {
            testDescription = name
            self.body = body
        }
    }

    private static func many(_ piece: String, _ count: Int) -> String {
        String(repeating: piece, count: count)
    }

    private static let pages = [
        Page("deep", many("<div>", 100_000) + "inside" + many("</div>", 100_000)), Page("deep links", many("<a href=x>", 50_000) + "x"),
        Page("deep lists", many("<ul><li>", 50_000) + "x"), Page("deep tables", many("<table><tr><td>", 20_000) + "x"),
        Page("deep quotations", many("<blockquote>", 50_000) + "x"), Page("deep headers", many("<header>", 50_000) + "x"),
        Page("deep sections", many("<section class='sidebar menu'><a href=a>z</a>", 20_000)),
        Page("a million tags", many("<p>a<br>", 500_000)),
        Page("buttons", many("<h2><button>", 20_000) + "x"), Page("headings", many("<h1>x", 50_000)),
        Page("long value", "<p class='" + many("x ", 500_000) + "'>y"),
        Page("values", "<p " + (0..<2000).map { "a\($0)=b" }.joined(separator: " ") + ">y"), Page("less than", many("<", 300_000)),
        Page("ampersands", many("&", 300_000)), Page("open quotation", many("<a href=\"", 100_000)),
        Page("open comments", many("<!--", 100_000)),
        Page("references", many("&#x110000;&#0;&#xD800;", 20_000) + "x"), Page("scripts", many("<script>", 50_000) + "</script>x"),
        Page(
            "wide cells", "<table><tr>" + many("<td colspan=1000 rowspan=65534>aaaaaaaaaa</td>", 200) + "</tr>" + many("<tr><td>x", 20_000)),
        Page("narrow rows", "<table><tr>" + many("<th>t", 5000) + many("<tr><td>1<td>2", 20_000)),
        Page(
            "huge numbers",
            "<ol start=9223372036854775807><li>a<li>b</ol><table><tr><td colspan=99999999999999999999>a<td rowspan=-5>b<tr><td>c<td>d</table>"
        ),
    ]

    @Test(arguments: pages)
    func isReadInProportion(page: Page) throws {
        let document = try extract("<html><body><p>beginning</p>" + page.body, as: "a.html")
        #expect(document.text.contains("beginning"))
        #expect(document.text.utf8.count < 20 * page.body.utf8.count + 1000)
        expectCover(of: document)
    }

    private static let sample = """
        <!DOCTYPE html><html><head><meta charset=utf-8><title>T</title><style>p{}</style></head><body class="home page"><nav><a href=x>n</a></nav>
        <main><h1>Title</h1><p>Some <b>bold</b> words &amp; 한국어, with commas.</p><ul><li>one<li>two</ul><table><tr><th>a<th>b<tr><td rowspan=2>1
        <td>2<tr><td>3</table><pre>code\n here</pre><blockquote>said</blockquote></main><footer>end</footer></body></html>
        """

    @Test(arguments: 0..<200)
    func mutationsAreReadOrRefused(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var bytes = Array(Self.sample.utf8)
        for _ in 0..<Int.random(in: 1...12, using: &random) {
            let index = Int.random(in: 0..<bytes.count, using: &random)
            switch Int.random(in: 0..<4, using: &random) {
            case 0: bytes[index] = UInt8.random(in: 0...255, using: &random)
            case 1: bytes.remove(at: index)
            case 2: bytes.insert(contentsOf: bytes[index..<min(bytes.count, index + 40)], at: 0)
            default: bytes[index] = "<>/\"'&=".utf8.randomElement(using: &random) ?? 0
            }
        }
        do {
            expectCover(of: try HTMLReader().read(bytes))
        } catch {
            #expect(["invalid_utf8", "null_character"].contains(error.code))
        }
    }
}
