import Testing

@testable import Extraction

@Suite struct OfficeNumberTests {
    @Test(arguments: [
        (0.1 + 0.2, "0.3"), (1, "1"), (-2.5, "-2.5"), (1e6, "1000000"), (123_456_789_012_345_680, "123456789012346000"),
        (0.000_012_3, "0.0000123"), (1e-10, "1E-10"), (1.5e300, "1.5E+300"), (0, "0"), (-0.0, "0"),
        (999_999_999_999_999.9, "1000000000000000"),
        (1.100_000_000_000_000_1, "1.1"), (Double.leastNonzeroMagnitude, "4.94065645841247E-324"), (.infinity, "inf"), (1e21, "1E+21"),
        (1e20, "100000000000000000000"),
    ])
    func numbersHaveFifteenDigits(value: Double, expected: String) {
        // Swift writes the smallest number with one digit, which already stands for it alone.
        #expect(DecimalText(value).general == (value == .leastNonzeroMagnitude ? "5E-324" : expected))
    }

    @Test(arguments: [
        (0.1234, 2, "12.34%"), (1.0 / 3, 2, "33.33%"), (0.5, 2, "50%"), (0.005, 0, "1%"), (0.004, 0, "0%"), (0.999_99, 2, "100%"),
        (-0.07, 2, "-7%"), (12, 2, "1200%"), (0.072_499_999_999_999_99, 3, "7.25%"),
    ])
    func percentages(value: Double, decimals: Int, expected: String) {
        #expect(DecimalText(value).percent(decimals: decimals) == expected)
    }

    @Test(arguments: [
        ("General", NumberFormat.general), ("0.00", .general), ("#,##0;[Red]-#,##0", .general), ("0.00E+00", .general), ("@", .general),
        ("0 \"days\"", .general), ("\\d0", .general), ("[Red]0", .general), ("[$€-407]#,##0.00", .general), ("0;yyyy", .general),
        ("0%", .percent(decimals: 0)), ("#,##0.00%", .percent(decimals: 2)), ("0\"%\"", .general),
        ("yyyy-mm-dd", .date(hasDate: true, hasTime: false)), ("[$-409]d-mmm-yy;@", .date(hasDate: true, hasTime: false)),
        ("mmmm", .date(hasDate: true, hasTime: false)), ("ggge\"年\"", .date(hasDate: true, hasTime: false)),
        ("h:mm AM/PM", .date(hasDate: false, hasTime: true)), ("mm:ss", .date(hasDate: false, hasTime: true)),
        ("m/d/yy h:mm", .date(hasDate: true, hasTime: true)), ("[h]:mm:ss", .duration), ("[mm]:ss", .duration), ("", .general),
        ("\"", .general),
        ("[", .general), ("\\", .general),
    ])
    func customFormats(code: String, expected: NumberFormat) {
        #expect(NumberFormat(code: code) == expected)
    }

    @Test(arguments: [
        (14, NumberFormat.date(hasDate: true, hasTime: false)), (22, .date(hasDate: true, hasTime: true)),
        (20, .date(hasDate: false, hasTime: true)), (31, .date(hasDate: true, hasTime: false)), (58, .date(hasDate: true, hasTime: false)),
        (46, .duration), (10, .percent(decimals: 2)), (2, .general), (49, .general), (-1, .general),
    ])
    func builtInFormats(id: Int, expected: NumberFormat) {
        #expect(NumberFormat(builtIn: id) == expected)
    }

    @Test(arguments: [
        (1.0, "1900-01-01"), (59, "1900-02-28"), (61, "1900-03-01"), (25_569, "1970-01-01"), (45_351, "2024-02-29"), (45_352, "2024-03-01"),
        (36_526, "2000-01-01"), (73_050, "2099-12-31"), (2_958_465, "9999-12-31"),
    ])
    func daysSince1900(serial: Double, expected: String) {
        #expect(SerialDate(serial, uses1904: false)?.text(hasDate: true, hasTime: false) == expected)
    }

    @Test func timesAndOtherCalendars() {
        #expect(SerialDate(0, uses1904: true)?.text(hasDate: true, hasTime: false) == "1904-01-01")
        #expect(SerialDate(45_322.999_999_999, uses1904: false)?.text(hasDate: true, hasTime: true) == "2024-02-01T00:00")
        #expect(SerialDate(0.395_844_907_4, uses1904: false)?.text(hasDate: false, hasTime: true) == "09:30:01")
        #expect(SerialDate(-1, uses1904: false) == nil)
        #expect(SerialDate(3e6, uses1904: false) == nil)
        #expect(SerialDate(.nan, uses1904: false) == nil)
        #expect(SerialDate.duration(-0.5) == "-12:00:00")
        #expect(SerialDate.duration(.infinity) == nil)
    }

    @Test func escapesOfXML() {
        #expect(EscapedText.decoded("a_x0041_b_x005F_x_xZZZZ_ _x12 _x_x0042_") == "aAb_x_xZZZZ_ _x12 _xB")
        #expect(EscapedText.decoded("_xD800_") == "_xD800_")
    }
}
