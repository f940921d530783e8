/// Small texts to start from, written for this.
enum SeedTexts {
    static let prose = [
        """
        Chapter 1 The harbour

        The harbour office opens at seven. Ferries leave every forty minutes, and tickets cost 3.50 dollars more on board, e.g. for Mr. J. \
        R. Jones. "Why?" she asked. Dogs travel free; bicycles do not.

        1.2 Weather

        When the wind rises, the captain cancels the crossing.
        """,
        """
        第1条 目的

        港の事務所は朝七時に開きます。犬は無料ですが、自転車には料金がかかります。「はい。」と言った。

        第2条 天候

        風が強くなると、船長は運航を取りやめます。ﾊﾝｶｸと全角ＡＢＣもあります。
        """,
        """
        제1장 총칙

        배는 사십 분마다 떠납니다. 바람이 세지면 선장이 운항을 취소합니다. 자전거 요금은 1,500원입니다.

        제2조 (요금)
        개는 무료입니다.
        """,
        "e\u{301}a\u{308}o\u{338} \u{1112}\u{1161}\u{11AB} \u{FB2C} 👩‍👩‍👧 \u{200B}\u{AD}\u{2028}\u{3000}ſ ﬁ İ \u{1D160}",
    ]

    static let beginnings = [
        "%PDF-1.7\ntext about a format, startxref", "PK\u{3}\u{4}\u{14}\0word/document.xml", "{\\rtf1 text}",
        "<!-- a --><html><body>a</body>",
        "{\"a\": 1}\n{\"a\": 2}", "[1, 2, 3]", "PK\u{5}\u{6}", "%!PS-Adobe",
    ]

    static let markdown = [
        """
        ---
        title: "The \\"harbour\\" # not a comment"
        tags: [a, b]
        ---

        # Prices *and* times

        As follows:

        | Item | Price |
        |:-----|------:|
        | Adult \\| child | 3.50 |
        | `a|b` | 港 |

        ## [Lists](https://example.com)

        - one
          continued
          - two

            > quoted
        1. three
           ```swift
           let a = 1

           ```
        """,
        """
        Title
        =====

        > quotation
        lazy
        >
        > - item
        ***
        <div class="a">
        raw <b>html</b>

        <!-- comment
        --> text

            indented code

        ~~~
        unclosed
        """,
        """
        제목
        ---
        - 목록:
        - 둘째

        가격표:

        가 | 나
        ---|---
        1 | 2

        [링크]: http://example.com "title"
        ###### 六 ######
        """,
    ]

    static let tables = [
        "Item,Price,Date\nAdult,3.50,2024-01-05\n\"Child, small\",\"1 \"\"half\"\"\",\n,,\n", "sep=;\nName;Menge\nÄpfel;1,5\nBirnen;2\n",
        "品名\t価格\n切符\t350\n자전거\t1,500원\n", "List of ferries\n\n1|2|3\n4|5|6\n7|8\n", "a\n\"never closed, b\nc,d\n",
        "2021,2022,2023\n1,2,3\n4,5,6\n", "\"two\nlines\",b\r\nc,\"d\" \r\n",
    ]

    static let json = [
        """
        {"title": "Harbour", "open": true, "fee": 3.50e0, "none": null, "hours": [7, 19], "note": "a\\nb\\n\\nc \\ud83d\\ude00 \\ud83d",
         "boats": [{"name": "Anna", "seats": 40}, {"name": "Bo", "seats": 20, "도시": "부산"}], "deep": {"a": {"b": [[1], [{"c": "深"}]]}}}
        """,
        "{\"id\": 1, \"text\": \"港の事務所は朝七時に開きます。\"}\n\n{\"id\": 2, \"Name\": \"둘\", \"list\": [\"a\", \"b\"]}\n",
        "[{\"a\": 1, \"b\": [1, 2]}, {\"a\": 2}, \"loose\", [true, false]]", "[[[[[[[[]]]]]]]]", "\"only a string\"", "-0.5E-3",
    ]

    static let webPages = [
        """
        <!doctype html><html><head><title>Harbour &amp; office</title><meta charset="utf-8"></head><body><nav>Home</nav><main>
        <h1>Prices</h1><p>Dogs <b>travel</b> free.<br>Bicycles do not.</p><ul><li>one<ul><li>two</li></ul></li></ul>
        <table><tr><th colspan="2">Item</th></tr><tr><td rowspan="2">港</td><td>3.50</td></tr><tr><td>부산</td></tr></table>
        <pre>let a = 1
        let b = 2</pre><blockquote>Why?</blockquote></main><script>var a = "<p>";</script></body></html>
        """,
        "<html><body><div hidden>no</div><article><h2>제목</h2>글<hr>다음 <a href=\"x\">링크</a></article></body></html>",
        "<html><table><td>a<table><td>b</table><td colspan=99999999999 rowspan=0>c", "<body><ol start=3><li value=7>x<p>y<dl><dt>t<dd>d",
    ]

    /// Texts in encodings of before Unicode, and broken ones.
    static let encoded: [[UInt8]] = [
        repeated([0x82, 0xB1, 0x82, 0xF1, 0x82, 0xC9, 0x82, 0xBF, 0x82, 0xCD, 0x81, 0x42, 0x0D, 0x0A]),
        repeated([0xA4, 0xB3, 0xA4, 0xF3, 0xA4, 0xCB, 0xA4, 0xC1, 0xA4, 0xCF, 0xA1, 0xA3, 0x0A]),
        repeated([0xBE, 0xC8, 0xB3, 0xE7, 0xC7, 0xCF, 0xBC, 0xBC, 0xBF, 0xE4, 0x2E, 0x20]),
        repeated([0xC4, 0xE3, 0xBA, 0xC3, 0xA3, 0xAC, 0xCA, 0xC0, 0xBD, 0xE7, 0x0A]),
        repeated(Array("caf".utf8) + [0xE9, 0x20, 0x93] + Array("na".utf8) + [0xEF] + Array("ve".utf8) + [0x94, 0x0A]),
        repeated([0x1B, 0x24, 0x42, 0x24, 0x33, 0x24, 0x73, 0x1B, 0x28, 0x42, 0x20]),
        repeated([0x1B, 0x24, 0x29, 0x43, 0x0E, 0x3E, 0x48, 0x33, 0x67, 0x0F, 0x20]),
        "harbour 港 부산".utf16.flatMap { [UInt8(truncatingIfNeeded: $0), UInt8($0 >> 8)] },
        "harbour".unicodeScalars.flatMap { [0, 0, 0, UInt8($0.value)] }, [0xFF, 0xFE, 0x3D, 0xD8, 0x41, 0x00], [0xFE, 0xFF, 0xDC],
        Array("sound \u{6E2F}".utf8) + [0xE6, 0xB8] + Array(" broken \u{BD80}\u{C0B0}".utf8), [0xC0, 0x80, 0xED, 0xA0, 0x80, 0xF5],
    ]

    private static func repeated(_ bytes: [UInt8]) -> [UInt8] {
        Array(repeatElement(bytes, count: 6).joined())
    }
}
