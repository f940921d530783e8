import Testing

@testable import Extraction

/// The outline of a page with `body` as its body.
private func outline(_ body: String) throws(ExtractionError) -> [String] {
    try extract("<!DOCTYPE html><html><head><title>Page</title></head><body>\(body)</body></html>", as: "a.html").outline
}

@Suite struct HTMLReaderTests {
    // MARK: - Running text

    @Test func whiteSpaceCollapsesAsInBrowsers() throws {
        #expect(try outline("<p>  one\n\ttwo  <b> three</b> <i> </i>four&nbsp;five </p>") == ["paragraph: one two three four five"])
        #expect(
            try outline("<p>un<b>break</b>able<wbr>word H<sub>2</sub>O</p><p>next</p>") == [
                "paragraph: unbreakableword H2O", "paragraph: next",
            ])
        #expect(try outline("a<div>b</div>c<section>d</section>") == ["paragraph: a", "paragraph: b", "paragraph: c", "paragraph: d"])
    }

    @Test func eastAsianLinesJoinWithoutASpace() throws {
        #expect(try outline("<p>これは\n文書です。\n次の 文</p>") == ["paragraph: これは文書です。次の 文"])
        #expect(try outline("<p>한국어\n문서 and\n日本</p>") == ["paragraph: 한국어 문서 and 日本"])
    }

    @Test func breaksAreLinesAndEmptyLinesParagraphs() throws {
        #expect(try outline("one<br>two<br/><br> three") == ["paragraph: one\ntwo", "paragraph: three"])
    }

    @Test func entitiesAreCharacters() throws {
        #expect(try outline("<p>&lt;b&gt; &amp; &eacute; &#54620;&#x6587; &euro;</p>") == ["paragraph: <b> & é 한文 €"])
    }

    @Test func headingsHaveLevels() throws {
        let document = try extract(
            "<body><h1>Top <em>one</em></h1><p>a</p><h3>Deep\n<br>er</h3><h2><button>Open?</button></h2><p>b</p>", as: "a.html")
        #expect(document.headings == ["Top one", "Deep er", "Open?"])
        #expect(document.title == "Top one")
    }

    @Test func listsKeepTheirMarksAndNumbers() throws {
        let list = "<ul><li>a<ul><li>b</ul><li><p>c</p><p>d</p></ul><ol start=3><li>e<li value=7>f<li>g</ol>"
        #expect(
            try outline(list) == ["- a", "- b", "- c", "d", "3. e", "7. f", "8. g"].map { "listItem: \($0)" })
        #expect(try outline("<dl><dt>Term<dd>Meaning</dl>") == ["listItem: - Term", "listItem: Meaning"])
    }

    @Test func codeKeepsItsLines() throws {
        let code = "<pre>\n<span>if a &lt; b {</span>\n    return   1\n}\n</pre>"
        #expect(try outline("\(code)<p>use <code>let  x</code></p>") == ["code: if a < b {\n    return   1\n}", "paragraph: use let x"])
    }

    @Test func quotationsAndCaptions() throws {
        let quotation = "<blockquote><p>said</p><p>he</p></blockquote>"
        let figure = "<figure><img src=a.jpg alt='A duck on a pond'><figcaption>Fig. 1</figcaption></figure>"
        #expect(try outline(quotation + figure) == ["quote: said", "quote: he", "paragraph: A duck on a pond", "paragraph: Fig. 1"])
    }

    @Test func meaninglessAlternativeTextsAreLeftOut() throws {
        let pictures = ["photo.JPG", "", "logo", String(repeating: "long ", count: 40)].map { "<img alt='\($0)'>" }.joined()
        #expect(try outline("<p>text \(pictures)</p>") == ["paragraph: text"])
    }

    @Test func readingAidsAndFormulas() throws {
        #expect(try outline("<p><ruby>漢<rp>(</rp><rt>かん</rt><rp>)</rp>字<rt>じ</rt></ruby>を読む</p>") == ["paragraph: 漢字を読む"])
        let formula = "<math><semantics><mi>x</mi><mo>=</mo><mn>2</mn><annotation>x=2 TeX</annotation></semantics></math>"
        #expect(try outline("<p>so \(formula).</p>") == ["paragraph: so x=2."])
        #expect(try outline("<details><summary>More</summary>Inside</details>") == ["paragraph: More", "paragraph: Inside"])
    }

    @Test func titlesLoseTheirSite() throws {
        let titles = try ["Duck - Encyclopedia", "Duck | A | B", "Duck", "Ducks of Europe", "About Duck - X"].map { title in
            try extract("<title>\(title)</title><h1>Duck</h1><p>Text.</p>", as: "a.html").title
        }
        #expect(titles == ["Duck", "Duck", "Duck", "Ducks of Europe", "About Duck - X"])
    }

    // MARK: - What is not content

    @Test func scriptsAndHiddenThingsAreLeftOut() throws {
        let noise = """
            <script>var a = "<p>s</p>";</script><style>p { color: red }</style><noscript>n</noscript><template>t</template>
            <svg><text>v</text></svg><iframe>i</iframe><select><option>o</select><textarea>x</textarea><button>press</button>
            <p hidden>h</p><div aria-hidden=true>h</div><div style="color:red; display: none">h</div><dialog>d</dialog><!-- c -->
            """
        #expect(try outline("<p>seen</p>\(noise)<p>too</p>") == ["paragraph: seen", "paragraph: too"])
    }

    private static let prose = "The river rises in the hills, runs through three towns, and reaches the sea after a hundred miles. "

    @Test func whatSurroundsTheContentIsLeftOut() throws {
        let page = """
            <header><a href=/>Site</a> slogan</header><nav><ul><li><a href=/a>A</a></ul></nav>
            <div class="site-breadcrumbs"><a href=/>Home</a></div><div id=cookie-banner>We use cookies. <button>Fine</button></div>
            <div class=content><h1>River</h1><p>\(Self.prose)</p><p>\(Self.prose)</p>
            <div class="share-buttons"><a href=x>Post this</a></div></div>
            <aside><p>Subscribe to our letter today.</p></aside><footer>Copyright</footer>
            """
        let prose = String(Self.prose.dropLast())
        #expect(try outline(page) == ["heading(level: 1): River", "paragraph: \(prose)", "paragraph: \(prose)"])
    }

    @Test(arguments: ["main", "article", "div role=main"])
    func theMarkedPartIsTheContent(tag: String) throws {
        let name = tag.split(separator: " ")[0]
        let page = """
            <div><h1>River</h1><div>Latest: a boat race was held</div></div><\(tag)><div>By A. Writer</div><p>\(Self.prose)</p>
            <aside class=note>Bring boots.</aside><p>Published in May</p></\(name)><div>Other news from the region.</div>
            """
        let expected = [
            "heading(level: 1): River", "paragraph: By A. Writer", "paragraph: \(Self.prose.dropLast())", "paragraph: Bring boots.",
            "paragraph: Published in May",
        ]
        #expect(try outline(page) == expected)
    }

    @Test func aMarkedPartWithLittleOfTheProseIsNotTheWhole() throws {
        let page = "<main><p>Welcome to this page.</p></main>" + String(repeating: "<p>\(Self.prose)</p>", count: 5)
        #expect(try outline(page).count == 6)
    }

    @Test func manyArticlesAreAllRead() throws {
        let page = (1...4).map { "<article><h2>News \($0)</h2><p>\(Self.prose)</p></article>" }.joined()
        #expect(try outline(page).count == 8)
    }

    @Test(arguments: ["sidebar", "navbar", "share", "cookie-banner", "menu", "footer"])
    func namesDoNotHideWhatHoldsTheProse(name: String) throws {
        #expect(try outline("<div class='\(name)'><h1>T</h1><p>\(Self.prose)</p></div><p>Short.</p>").count == 3)
        #expect(try outline("<div class='with-\(name)'><p>Plain.</p></div><p>\(Self.prose)</p>").count == 2)
    }

    @Test func simplePagesAreReadWhole() throws {
        let page =
            "<center><font size=5>Minutes</font></center>Present: three.<p>We met.<ul><li><a href=a>Agenda</a><li><a href=b>Budget</a></ul>"
        #expect(
            try outline(page) == [
                "paragraph: Minutes", "paragraph: Present: three.", "paragraph: We met.", "listItem: - Agenda", "listItem: - Budget",
            ])
        #expect(try outline("<p>한국어 안내</p><p>日本語の案内</p><p>x</p>").count == 3)
        #expect(try outline(String(repeating: "<p>a", count: 1000)).count == 1000)
    }

    @Test func encyclopediaMarksAreLeftOut() throws {
        let page = """
            <h2>Origin <span class="mw-editsection">[<a href=e>edit</a>]</span></h2><p>Old word.<sup class="reference"><a href=#1>[1]</a></sup>
            E = mc<sup>2</sup>.</p><div class="navbox" role="navigation"><a href=x>Rivers</a></div><div id=toc>Contents</div><p>\(Self.prose)</p>
            """
        #expect(
            try outline(page) == ["heading(level: 2): Origin", "paragraph: Old word. E = mc2.", "paragraph: \(Self.prose.dropLast())"])
    }

    // MARK: - Encodings

    @Test func declaredEncodingsAreUsed() throws {
        let hungarian = Array("<meta charset=iso-8859-2><p>".utf8) + [0xD5, 0x73, 0x7A] + Array("</p>".utf8)
        #expect(try TextExtractor().extract(hungarian, fileName: "a.html").text == "Ősz")
        let old = Array("<html><meta http-equiv=Content-Type content='text/html; charset=\"koi8-r\"'><p>".utf8) + [0xD2, 0xD5, 0xCB, 0xC1]
        #expect(try TextExtractor().extract(old, fileName: "a.html").text == "рука")
        let prolog = Array("<?xml version='1.0' encoding='ISO-8859-1'?><html><body><p>".utf8) + [0xE9, 0x74, 0xE9]
        #expect(try TextExtractor().extract(prolog, fileName: "a.html").text == "été")
    }

    @Test func declarationsThatTheBytesContradictAreIgnored() throws {
        let page = "<html><head><meta charset=utf-8><title>T</title></head><body><p>日本語の頁</p></body></html>"
        let wide = wide("\u{FEFF}" + page, width: 2, isBigEndian: false)
        #expect(try TextExtractor().extract(wide, fileName: "a.html").text == "日本語の頁")
        #expect(try extract(page.replacing("utf-8", with: "shift_jis"), as: "a.html").text == "日本語の頁")
        let japanese = Array("<meta charset=euc-kr><p>".utf8) + (try bytes("96be93fa82cc89ef8b6382cd8e4f8a4b82c58d7382a282dc82b78142"))
        #expect(try TextExtractor().extract(japanese, fileName: "a.html").text == "明日の会議は三階で行います。")
    }
}
